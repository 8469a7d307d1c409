import { describe, expect, test } from 'vitest';
import type { Volume } from '../../api/kubernetes.ts';
import { aPod, withVolume } from '../testing/builders.ts';
import { requestsOf } from '../testing/requests.ts';
import { projectedSources } from './volumes.ts';

type Source = Omit<Volume, 'name'>;
const secretRef = { name: 'ceph' };

const nodeAccess = (source: Source) => requestsOf(aPod(withVolume(source)), 'NodeAccess');
const secrets = (source: Source) => requestsOf(aPod(withVolume(source)), 'Secret');

describe('a volume that is mounted with more than the pod’s own is access to the node', () => {
  test.each<[string, Source, string]>([
    ['awsElasticBlockStore', { awsElasticBlockStore: { volumeID: 'x' } }, 'cluster’s account'],
    ['azureDisk', { azureDisk: { diskName: 'x', diskURI: 'x' } }, 'cluster’s account'],
    ['cinder', { cinder: { volumeID: 'x' } }, 'cluster’s account'],
    ['fc', { fc: {} }, 'as the node'],
    ['flexVolume', { flexVolume: { driver: 'x' } }, 'on the node'],
    ['flocker', { flocker: {} }, 'as the node'],
    ['gcePersistentDisk', { gcePersistentDisk: { pdName: 'x' } }, 'cluster’s account'],
    ['gitRepo', { gitRepo: { repository: 'x' } }, 'on the node'],
    ['glusterfs', { glusterfs: { endpoints: 'x', path: 'x' } }, 'as the node'],
    ['hostPath', { hostPath: { path: '/data' } }, '/data'],
    ['iscsi', { iscsi: { iqn: 'x', lun: 0, targetPortal: 'x' } }, 'as the node'],
    ['nfs', { nfs: { server: 'x', path: '/' } }, 'as the node'],
    ['photonPersistentDisk', { photonPersistentDisk: { pdID: 'x' } }, 'cluster’s account'],
    ['portworxVolume', { portworxVolume: { volumeID: 'x' } }, 'as the node'],
    ['quobyte', { quobyte: { registry: 'x', volume: 'x' } }, 'as the node'],
    ['vsphereVolume', { vsphereVolume: { volumePath: 'x' } }, 'at vSphere'],
  ])('%s', (type, source, words) => {
    expect(nodeAccess(source)).toEqual([[`spec.volumes[0].${type}`, expect.stringContaining(words)]]);
  });

  test.each<[string, Source]>([
    ['cinder', { cinder: { volumeID: 'x', secretRef } }],
    ['flexVolume', { flexVolume: { driver: 'x', secretRef } }],
    ['iscsi', { iscsi: { iqn: 'x', lun: 0, targetPortal: 'x', secretRef } }],
  ])('%s, also with a Secret of the pod’s, which counts as one besides', (type, source) => {
    expect(nodeAccess(source)).toHaveLength(1);
    expect(secrets(source)).toEqual([[`spec.volumes[0].${type}.secretRef.name`, 'ceph']]);
  });

  test('a path of the node that is missing, empty or nothing is one all the same', () => {
    for (const hostPath of [{}, { path: '' }, { path: null }]) {
      const source = { hostPath } as Source;
      expect(nodeAccess(source)).toEqual([['spec.volumes[0].hostPath', 'a path without a name']]);
    }
  });
});

describe('a volume that is mounted with a Secret of the pod’s is that Secret’s matter, and the node’s without one', () => {
  test.each<[string, Source, Source]>([
    [
      'azureFile',
      { azureFile: { secretName: '', shareName: 'x' } },
      { azureFile: { secretName: 'ceph', shareName: 'x' } },
    ],
    ['cephfs', { cephfs: { monitors: [] } }, { cephfs: { monitors: [], secretRef } }],
    ['rbd', { rbd: { monitors: [], image: 'x' } }, { rbd: { monitors: [], image: 'x', secretRef } }],
    [
      'scaleIO',
      { scaleIO: { gateway: 'x', system: 'x' } as NonNullable<Volume['scaleIO']> },
      { scaleIO: { gateway: 'x', system: 'x', secretRef } },
    ],
    ['storageos', { storageos: {} }, { storageos: { secretRef } }],
  ])('%s', (type, without, with_) => {
    expect(nodeAccess(without)).toMatchObject([[`spec.volumes[0].${type}`, expect.any(String)]]);
    expect(nodeAccess(with_)).toEqual([]);
    expect(secrets(with_).map(([, name]) => name)).toEqual(['ceph']);
  });

  test('a Secret without a name is none', () => {
    for (const secretRef of [{}, { name: '' }]) {
      expect(nodeAccess({ rbd: { monitors: [], image: 'x', secretRef } })).toHaveLength(1);
    }
    expect(nodeAccess({ azureFile: {} } as Source)).toHaveLength(1);
  });
});

test.each<[string, Source]>([
  ['configMap', { configMap: { name: 'a' } }],
  ['csi', { csi: { driver: 'csi.example' } }],
  ['downwardAPI', { downwardAPI: {} }],
  ['emptyDir', { emptyDir: {} }],
  ['image', { image: { reference: 'a' } }],
  ['projected', { projected: { sources: [] } }],
  ['secret', { secret: { secretName: 'a' } }],
  ['no source at all', {}],
])('nothing of the node is in %s', (_, source) => {
  expect(nodeAccess(source)).toEqual([]);
  expect(requestsOf(aPod(withVolume(source)), 'Unresolved')).toEqual([]);
});

test('a volume with no name is no access to anything', () => {
  expect(nodeAccess({ name: '', emptyDir: {} } as Source)).toEqual([]);
});

describe('a claim', () => {
  const claim: Source = { persistentVolumeClaim: { claimName: 'data' } };
  const at = 'spec.volumes[0]';
  const asked = (source: Source, backing: object) => {
    const surroundings = { backings: new Map([[at, [backing as { inTree: string }]]]) };
    const pod = aPod(withVolume(source));
    return [...requestsOf(pod, 'NodeAccess', surroundings), ...requestsOf(pod, 'Unresolved', surroundings)];
  };

  test('that was not looked up, or leads nowhere, is not resolved', () => {
    expect(requestsOf(aPod(withVolume(claim)), 'Unresolved')).toEqual([
      [at, { what: 'claim data', why: 'it was not looked up' }],
    ]);
    expect(asked({ ephemeral: {} }, { unresolved: 'gone' })).toEqual([
      [at, { what: 'the claim of the volume', why: 'gone' }],
    ]);
  });

  test('that is a sensitive path of the node is access to it, whose path is not said', () => {
    expect(asked(claim, { nodePath: '/var/lib/kubelet' })).toEqual([
      [at, 'a sensitive path of the node, by a claim'],
    ]);
    expect(asked({ ephemeral: {} }, { nodePath: '/' })).toHaveLength(1);
  });

  test('that is another path, a driver, or what Kubernetes mounts, is its author’s business', () => {
    for (const backing of [{ nodePath: '/data' }, { driver: 'csi.example' }, { inTree: 'nfs' }]) {
      expect(asked(claim, backing)).toEqual([]);
    }
  });
});

test('each source of each projected volume has its place', () => {
  const source = { secret: { name: 'a' } };
  const pod = aPod(
    withVolume({ emptyDir: {} }),
    withVolume({ projected: {} }),
    withVolume({ projected: { sources: [{}, source] } }),
  );
  const found = [...projectedSources(pod.spec ?? { containers: [] })];
  expect(found.map(({ path }) => path)).toEqual([
    'spec.volumes[2].projected.sources[0]',
    'spec.volumes[2].projected.sources[1]',
  ]);
  expect(found.at(-1)?.source).toBe(source);
});
