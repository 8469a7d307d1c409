import { describe, expect, test } from 'vitest';
import { externalKeys } from '../core/identity/external-identity.ts';
import { judge } from '../core/testing/judging.ts';
import type { PersistentVolume, Pod, ServiceAccount, Stored } from '../api/kubernetes.ts';
import { aGrant, aPod, GRANT_ACCOUNT, inPhase, withSecretEnv, withStatus } from '../core/testing/builders.ts';
import { slimAccount, slimGrant, slimPod, slimVolume } from './caches.ts';

describe('what the cache keeps of a grant', () => {
  test('judges as the whole does, while it is unfinished', () => {
    const pod = aPod(withSecretEnv('db'));
    for (const grant of [aGrant(), aGrant(inPhase('Pending'))]) {
      expect(judge(pod, slimGrant(grant))).toEqual(judge(pod, grant));
    }
  });

  test('is which pods it had, without what they ran', () => {
    const pod = { name: 'a', uid: 'u', phase: 'Running', admittedAt: '2026-11-23T09:00:10Z' } as const;
    const grant = aGrant(withStatus({ pods: [{ ...pod, nodeName: 'node-1', imageIDs: ['x'] }] }));
    expect(slimGrant(grant).status?.pods).toEqual([pod]);
  });

  test('is only that it has finished, once it has', () => {
    const grant = slimGrant(aGrant(inPhase('Completed'), withStatus({ podsUsed: '1/1' })));
    expect(grant.status).toEqual({ phase: 'Completed' });
    expect(grant.spec).toMatchObject({ className: 'default', envelope: {}, task: { intent: '' } });
  });

  test('is that it is being deleted', () => {
    const grant = aGrant();
    const deletionTimestamp = '2026-11-23T09:00:20Z';
    const deleted = { ...grant, metadata: { ...grant.metadata, deletionTimestamp } };
    expect(slimGrant(deleted).metadata.deletionTimestamp).toBe(deletionTimestamp);
  });
});

test('what the cache keeps of a pod is whose it is, and under which grant it says it runs', () => {
  const stored = { uid: 'u', resourceVersion: '1', creationTimestamp: '2026-11-23T09:00:10Z' };
  const pod = aPod();
  const whole: Stored<Pod> = { ...pod, metadata: { ...pod.metadata, ...stored, name: 'a' }, status: {} };
  expect(slimPod(whole)).toEqual({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'a',
      namespace: 'agents',
      ...stored,
      labels: { 'taskgrant.dev/grant': 'summarise-4711' },
    },
    spec: { containers: [], serviceAccountName: GRANT_ACCOUNT },
  });
});

test('what the cache keeps of a volume is what it is, and for whom', () => {
  const stored = { name: 'a', uid: 'u', resourceVersion: '1', creationTimestamp: 'x' };
  const slim = (spec: NonNullable<PersistentVolume['spec']>, annotations: Record<string, string> = {}) =>
    slimVolume({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { ...stored, annotations }, spec });
  const claimRef = { kind: 'PersistentVolumeClaim', namespace: 'agents', name: 'data', uid: 'v' };
  const common = { capacity: { storage: '1Gi' }, storageClassName: 'fast' };
  const csi = { driver: 'csi.example', volumeHandle: 'h', volumeAttributes: { a: 'x'.repeat(1000) } };
  expect(slim({ ...common, csi, claimRef })).toEqual({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: stored,
    spec: {
      storageClassName: 'fast',
      csi: { driver: 'csi.example', volumeHandle: '' },
      claimRef: { namespace: 'agents', uid: 'v' },
    },
  });
  expect(slim({ ...common, hostPath: { path: '/a', type: 'Directory' } }).spec).toEqual({
    storageClassName: 'fast',
    hostPath: { path: '/a' },
  });
  expect(slim({ ...common, local: { path: '/a' } }).spec).toMatchObject({ local: { path: '/a' } });
  expect(slim({ nfs: { path: '/a', server: 'b' } }, { [BETA]: 'old' }).spec).toEqual({
    storageClassName: 'old',
    nfs: {},
  });
});

const BETA = 'volume.beta.kubernetes.io/storage-class';

describe('what the cache keeps of an account', () => {
  const stored = { name: 'a', namespace: 'agents', uid: 'u', resourceVersion: '1', creationTimestamp: 'x' };
  const slim = (annotations?: Record<string, string>) => {
    const account: Stored<ServiceAccount> = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { ...stored, labels: { a: 'b' }, ...(annotations && { annotations }) },
      secrets: [{ name: 'x' }],
    };
    return slimAccount(account, externalKeys());
  };

  test('is what other identity systems go by', () => {
    expect(slim({ 'eks.amazonaws.com/role-arn': 'arn', note: 'x'.repeat(1000) })).toEqual({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { ...stored, annotations: { 'eks.amazonaws.com/role-arn': 'arn' } },
    });
  });

  test('is that there is none of it', () => {
    expect(slim({ note: 'x' }).metadata).toEqual(stored);
    expect(slim().metadata).toEqual(stored);
  });
});
