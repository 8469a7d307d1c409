import { describe, expect, test } from 'vitest';
import type { PersistentVolume, StorageClass, Stored } from '../api/kubernetes.ts';
import { ApiError } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import { createLookups } from './lookups.ts';

type Caches = Parameters<typeof createLookups>[1];

interface World {
  /** Objects that the API server has, by `plural/namespace/name`. */
  live?: Record<string, object>;
  classes?: Stored<StorageClass>[];
  drivers?: Record<string, object>;
  accounts?: Record<string, object>;
  volumes?: Stored<PersistentVolume>[];
}

function lookupsIn({ live = {}, classes = [], drivers = {}, accounts = {}, volumes = [] }: World) {
  const asked: string[] = [];
  const get = ((
    resource: { plural: string },
    { namespace = '', name }: { namespace?: string; name: string },
  ) => {
    const key = [resource.plural, namespace, name].join('/');
    asked.push(key);
    const object = live[key];
    return object ? Promise.resolve(object) : Promise.reject(new ApiError('get', 404, {}));
  }) as unknown as Client['get'];
  const cached = (objects: Record<string, object>) => ({
    get: (key: string) => objects[key],
    list: () => [],
  });
  const caches = {
    csiDrivers: cached(drivers),
    accounts: cached(accounts),
    volumes: {
      get: (name: string) => volumes.find(({ metadata }) => metadata.name === name),
      byIndex: (index: string, value: string) =>
        volumes.filter(({ spec }) => index === 'class' && spec?.storageClassName === value),
    },
    storageClasses: {
      get: (name: string) => classes.find(({ metadata }) => metadata.name === name),
      list: () => classes,
    },
  } as unknown as Caches;
  return { lookups: createLookups({ get }, caches)('agents'), asked };
}

function aStorageClass(
  name: string,
  annotations: Record<string, string> = {},
  created = '2026-01-01T00:00:00Z',
) {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: created, annotations },
    provisioner: `${name}.csi.example`,
  } satisfies Stored<StorageClass>;
}

test('what is the pod’s own is asked of the API server, in the pod’s namespace', async () => {
  const { lookups, asked } = lookupsIn({ live: { 'persistentvolumeclaims/agents/a': { spec: {} } } });
  expect(await lookups.claim('a')).toEqual({ spec: {} });
  expect(await lookups.claim('b')).toBeUndefined();
  await lookups.resourceClaim('c');
  await lookups.resourceClaimTemplate('d');
  await lookups.volume('e');
  expect(asked).toEqual([
    'persistentvolumeclaims/agents/a',
    'persistentvolumeclaims/agents/b',
    'resourceclaims/agents/c',
    'resourceclaimtemplates/agents/d',
    'persistentvolumes//e',
  ]);
});

describe('what is the cluster’s is taken from the cache, and asked for where that has nothing', () => {
  test('of drivers', async () => {
    const { lookups, asked } = lookupsIn({
      drivers: { a: { spec: {} } },
      live: { 'csidrivers//b': { spec: {} } },
    });
    expect(await lookups.driver('a')).toEqual({ spec: {} });
    expect(asked).toEqual([]);
    expect(await lookups.driver('b')).toEqual({ spec: {} });
    expect(await lookups.driver('c')).toBeUndefined();
    expect(asked).toEqual(['csidrivers//b', 'csidrivers//c']);
  });

  test('of classes', async () => {
    const { lookups, asked } = lookupsIn({ classes: [aStorageClass('a')] });
    expect(await lookups.storageClass('a')).toMatchObject({ provisioner: 'a.csi.example' });
    expect(await lookups.storageClass('b')).toBeUndefined();
    expect(asked).toEqual(['storageclasses//b']);
  });

  test('of volumes, of which the class has those that a claim of the namespace may be bound to', async () => {
    const aVolume = (name: string, namespace?: string): Stored<PersistentVolume> => ({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { storageClassName: 'fast', ...(namespace !== undefined && { claimRef: { namespace } }) },
    });
    const volumes = [aVolume('free'), aVolume('kept', 'agents'), aVolume('not ours', 'other')];
    const { lookups, asked } = lookupsIn({ volumes });
    expect(await lookups.volume('free')).toBe(volumes[0]);
    expect(await lookups.volumesOfClass('fast', undefined)).toEqual(volumes.slice(0, 2));
    expect(await lookups.volumesOfClass('slow', undefined)).toEqual([]);
    expect(asked).toEqual([]);
    expect(await lookups.volume('new')).toBeUndefined();
    expect(asked).toEqual(['persistentvolumes//new']);
  });

  test('of accounts', async () => {
    const annotations = { 'eks.amazonaws.com/role-arn': 'arn' };
    const { lookups, asked } = lookupsIn({
      accounts: { 'agents/taskgrant-a': { metadata: { annotations } } },
      live: { 'serviceaccounts/agents/default': { metadata: {} } },
    });
    expect(await lookups.accountAnnotations('taskgrant-a')).toEqual(annotations);
    expect(asked).toEqual([]);
    expect(await lookups.accountAnnotations('default')).toBeUndefined();
    expect(await lookups.accountAnnotations('gone')).toBeUndefined();
    expect(asked).toEqual(['serviceaccounts/agents/default', 'serviceaccounts/agents/gone']);
  });
});

describe('the default class', () => {
  const IS_DEFAULT = { 'storageclass.kubernetes.io/is-default-class': 'true' };
  const defaultOf = async (...classes: Stored<StorageClass>[]) =>
    (await lookupsIn({ classes }).lookups.defaultStorageClass())?.provisioner;

  test('is the one that is marked so, by either annotation', async () => {
    expect(await defaultOf(aStorageClass('a'), aStorageClass('b', IS_DEFAULT))).toBe('b.csi.example');
    const beta = { 'storageclass.beta.kubernetes.io/is-default-class': 'true' };
    expect(await defaultOf(aStorageClass('a'), aStorageClass('b', beta))).toBe('b.csi.example');
  });

  test('is none where none is', async () => {
    const no = { 'storageclass.kubernetes.io/is-default-class': 'false' };
    expect(await defaultOf(aStorageClass('a', no), aStorageClass('b'))).toBeUndefined();
  });

  test('is the newest of several, and of those the first by name', async () => {
    const old = aStorageClass('a', IS_DEFAULT, '2025-01-01T00:00:00Z');
    const [c, b] = [aStorageClass('c', IS_DEFAULT), aStorageClass('b', IS_DEFAULT)];
    expect(await defaultOf(old, c)).toBe('c.csi.example');
    expect(await defaultOf(old, c, b)).toBe('b.csi.example');
    expect(await defaultOf(b, old, c)).toBe('b.csi.example');
  });
});
