import { describe, expect, test } from 'vitest';
import type { PersistentVolume } from '../../api/kubernetes.ts';
import { SOME_CLUSTER } from '../testing/pods.ts';
import {
  backingsOfClaim,
  backingsOfEphemeral,
  classOfVolume,
  driverOfType,
  isAvailable,
  isSensitivePath,
  type Backing,
  type StorageLookups,
} from './backing.ts';

type ClaimSpec = { volumeName?: string; storageClassName?: string };
type VolumeSpec = NonNullable<PersistentVolume['spec']>;

type Template = Parameters<typeof backingsOfEphemeral>[0];

const nothing = () => Promise.resolve(undefined);
const BETA = 'volume.beta.kubernetes.io/storage-class';

interface Storage {
  claim?: ClaimSpec;
  annotations?: Record<string, string>;
  volume?: Partial<VolumeSpec>;
  /** Provisioners by the class's name. */
  classes?: Record<string, string>;
  defaultClass?: string;
  /** That nobody has, by the class’s name. */
  available?: Record<string, Partial<VolumeSpec>[]>;
}

function storage({
  claim,
  annotations = {},
  volume,
  classes = {},
  defaultClass,
  available = {},
}: Storage): StorageLookups {
  return {
    ...SOME_CLUSTER,
    claim: () => Promise.resolve(claim && { metadata: { annotations }, spec: claim }),
    volume: () => Promise.resolve(volume && { spec: volume }),
    storageClass: (name) =>
      Promise.resolve(classes[name] === undefined ? undefined : { provisioner: classes[name] }),
    defaultStorageClass: () =>
      Promise.resolve(
        defaultClass === undefined ? undefined : { metadata: { name: 'default' }, provisioner: defaultClass },
      ),
    volumesOfClass: (name) => Promise.resolve((available[name] ?? []).map((spec) => ({ spec }))),
  };
}

const only = ([backing, ...others]: Backing[]) => {
  expect(others).toEqual([]);
  return backing;
};
const backingOfClaim = async (name: string, lookups: StorageLookups) =>
  only(await backingsOfClaim(name, lookups));
const backingOfEphemeral = async (template: Template, lookups: StorageLookups) =>
  only(await backingsOfEphemeral(template, lookups));
const behind = (its: Storage) => backingOfClaim('data', storage(its));

describe('a claim that is not bound may be given any volume of its class that nobody has', () => {
  const hostPath = { hostPath: { path: '/var/lib/kubelet' } };
  const csi = (driver: string) => ({ csi: { driver, volumeHandle: 'x' } });
  const classes = { fast: 'csi.example' };
  const available = {
    fast: [hostPath, csi('csi.example'), csi('other.example'), hostPath],
    default: [hostPath],
  };
  const all = [{ driver: 'csi.example' }, { nodePath: '/var/lib/kubelet' }, { driver: 'other.example' }];

  test('named by the claim, or by the template of one', async () => {
    const claim = { storageClassName: 'fast' };
    expect(await backingsOfClaim('data', storage({ claim, classes, available }))).toEqual(all);
    expect(await backingsOfEphemeral({ spec: claim }, storage({ classes, available }))).toEqual(all);
  });

  test('or the default one', async () => {
    expect(
      await backingsOfClaim('data', storage({ claim: {}, defaultClass: 'csi.example', available })),
    ).toEqual([{ driver: 'csi.example' }, { nodePath: '/var/lib/kubelet' }]);
  });

  test('or one of no class, where it names none itself', async () => {
    const without = { '': [hostPath] };
    expect(
      await backingsOfClaim('data', storage({ claim: {}, defaultClass: 'csi.example', available: without })),
    ).toEqual([{ driver: 'csi.example' }, { nodePath: '/var/lib/kubelet' }]);
    expect(
      await backingsOfClaim(
        'data',
        storage({ claim: { storageClassName: 'fast' }, classes, available: without }),
      ),
    ).toEqual([{ driver: 'csi.example' }]);
  });

  test('but of no other class', async () => {
    const others = { slow: [hostPath] };
    expect(await behind({ claim: { storageClassName: 'fast' }, classes, available: others })).toEqual({
      driver: 'csi.example',
    });
  });
});

test('a volume is available that has no claim, is kept for one of the namespace, or is this claim’s already', () => {
  const kept = (claimRef: object) => isAvailable({ spec: { claimRef } }, 'agents', 'a');
  expect(isAvailable({}, 'agents', 'a')).toBe(true);
  expect(isAvailable({ spec: {} }, 'agents', undefined)).toBe(true);
  expect(kept({ namespace: 'agents', name: 'b' })).toBe(true);
  expect(kept({ namespace: 'other', name: 'a' })).toBe(false);
  expect(kept({ namespace: 'agents', name: 'a', uid: 'u' })).toBe(true);
  expect(kept({ namespace: 'agents', name: 'b', uid: 'u' })).toBe(false);
  expect(kept({ namespace: 'other', name: 'a', uid: 'u' })).toBe(false);
});

test('the class of a volume stands in its field, or in the annotation that came before', () => {
  expect(classOfVolume({ metadata: {}, spec: { storageClassName: 'fast' } })).toBe('fast');
  expect(classOfVolume({ metadata: { annotations: { [BETA]: 'old' } }, spec: {} })).toBe('old');
  expect(classOfVolume({ metadata: {} })).toBe('');
});

describe('a claim that is bound, or asks to be, is its volume', () => {
  const claim = { volumeName: 'pv', storageClassName: 'fast' };
  const classes = { fast: 'csi.example' };

  test('of a CSI driver, whatever its class', async () => {
    expect(
      await behind({ claim, classes, volume: { csi: { driver: 'other.csi.example', volumeHandle: 'x' } } }),
    ).toEqual({ driver: 'other.csi.example' });
  });

  test.each<[string, Partial<VolumeSpec>]>([
    ['as hostPath', { hostPath: { path: '/data' } }],
    ['as a local volume', { local: { path: '/data' } }],
  ])('of a path of the node, %s', async (_, volume) => {
    expect(await behind({ claim, volume })).toEqual({ nodePath: '/data' });
  });

  test('of a type that Kubernetes mounts', async () => {
    const volume: Partial<VolumeSpec> = {
      accessModes: ['ReadWriteMany'],
      capacity: { storage: '1Gi' },
      claimRef: { name: 'data' },
      mountOptions: [],
      nodeAffinity: {},
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: '',
      volumeAttributesClassName: 'x',
      volumeMode: 'Filesystem',
      nfs: { server: 'x', path: '/' },
    };
    expect(await behind({ claim, volume })).toEqual({ inTree: 'nfs' });
  });

  test.each<[string, Partial<VolumeSpec>]>([
    ['ebs.csi.aws.com', { awsElasticBlockStore: { volumeID: 'x' } }],
    ['disk.csi.azure.com', { azureDisk: { diskName: 'x', diskURI: 'x' } }],
    ['file.csi.azure.com', { azureFile: { secretName: 'x', shareName: 'x' } }],
    ['cinder.csi.openstack.org', { cinder: { volumeID: 'x' } }],
    ['pd.csi.storage.gke.io', { gcePersistentDisk: { pdName: 'x' } }],
    ['pxd.portworx.com', { portworxVolume: { volumeID: 'x' } }],
    ['csi.vsphere.vmware.com', { vsphereVolume: { volumePath: 'x' } }],
  ])('of %s, where Kubernetes has that driver mount the type', async (driver, volume) => {
    expect(await behind({ claim, volume })).toEqual({ driver });
  });

  test('of nothing that can be told, where there is none, or it has no source', async () => {
    expect(await behind({ claim })).toEqual({
      unresolved: 'the PersistentVolume that it names cannot be told',
    });
    expect(await behind({ claim, volume: { capacity: { storage: '1Gi' } } })).toEqual({
      unresolved: 'a volume without a source',
    });
    const lookups = { ...storage({ claim }), volume: () => Promise.resolve({}) };
    expect(await backingOfClaim('data', lookups)).toEqual({ unresolved: 'a volume without a source' });
  });
});

describe('a claim that is not bound is what its class would provision', () => {
  test('by the name of the class', async () => {
    const classes = { fast: 'csi.example' };
    expect(await behind({ claim: { storageClassName: 'fast' }, classes })).toEqual({ driver: 'csi.example' });
    expect(await behind({ claim: { volumeName: '', storageClassName: 'fast' }, classes })).toEqual({
      driver: 'csi.example',
    });
    expect(await behind({ claim: { storageClassName: 'slow' }, classes })).toEqual({
      unresolved: 'no such StorageClass: slow',
    });
  });

  test('by the default class where it names none', async () => {
    expect(await behind({ claim: {}, defaultClass: 'csi.example' })).toEqual({ driver: 'csi.example' });
    expect(await behind({ claim: {} })).toEqual({
      unresolved: 'not bound, and there is no default StorageClass',
    });
  });

  test('by the annotation before the field, as Kubernetes has it', async () => {
    const its = {
      classes: { fast: 'csi.example', minting: 'minting.csi.example' },
      defaultClass: 'csi.example',
    };
    const annotations = { [BETA]: 'minting' };
    for (const claim of [{}, { storageClassName: 'fast' }, { storageClassName: '' }]) {
      expect(await behind({ ...its, claim, annotations })).toEqual({ driver: 'minting.csi.example' });
    }
    expect(await behind({ ...its, claim: {}, annotations: { [BETA]: '' } })).toMatchObject({
      unresolved: expect.stringContaining('without a class') as string,
    });
  });

  test('and may be any volume where it wants no class, or one that provisions nothing', async () => {
    expect(await behind({ claim: { storageClassName: '' }, defaultClass: 'csi.example' })).toEqual({
      unresolved: 'not bound, and without a class: any volume may be bound to it',
    });
    const classes = { local: 'kubernetes.io/no-provisioner' };
    expect(await behind({ claim: { storageClassName: 'local' }, classes })).toEqual({
      unresolved: 'not bound, and its class has no provisioner: any volume of the class may be bound to it',
    });
  });

  test('by a provisioner that Kubernetes had, whose driver it has now', async () => {
    const classes = { azure: 'kubernetes.io/azure-file', old: 'kubernetes.io/glusterfs' };
    expect(await behind({ claim: { storageClassName: 'azure' }, classes })).toEqual({
      driver: 'file.csi.azure.com',
    });
    expect(await behind({ claim: { storageClassName: 'old' }, classes })).toEqual({
      inTree: 'kubernetes.io/glusterfs',
    });
  });
});

test('a claim that is not there leads nowhere', async () => {
  expect(await backingOfClaim('data', { ...SOME_CLUSTER, claim: nothing })).toEqual({
    unresolved: 'no such PersistentVolumeClaim',
  });
});

test('a claim without a spec is one that asks for nothing', async () => {
  const lookups = {
    ...storage({ defaultClass: 'csi.example' }),
    claim: () => Promise.resolve({ metadata: {} }),
  };
  expect(await backingOfClaim('data', lookups)).toEqual({ driver: 'csi.example' });
});

test('a generic ephemeral volume is what its template would be', async () => {
  const its = storage({ classes: { fast: 'csi.example' }, defaultClass: 'default.csi.example' });
  const template = { spec: { storageClassName: 'fast' } };
  expect(await backingOfEphemeral(template, its)).toEqual({ driver: 'csi.example' });
  expect(await backingOfEphemeral({ metadata: { annotations: { [BETA]: 'fast' } }, spec: {} }, its)).toEqual({
    driver: 'csi.example',
  });
  expect(await backingOfEphemeral(undefined, its)).toEqual({ driver: 'default.csi.example' });
  expect(await backingOfEphemeral({ spec: { volumeName: 'pv' } }, its)).toMatchObject({
    unresolved: expect.any(String) as string,
  });
});

test('the driver of a type is that of the volume that has it', () => {
  expect(driverOfType({ azureFile: {} })).toBe('file.csi.azure.com');
  expect(driverOfType({})).toBeUndefined();
});

describe('a path of the node is worth as much as the node', () => {
  test.each([
    ['/'],
    [''],
    ['/etc'],
    ['/etc/kubernetes/pki'],
    ['/var'],
    ['/var/lib'],
    ['/var/lib/kubelet'],
    ['/var/lib/kubelet/pods'],
    ['/var/lib/rancher'],
    ['/var/lib/rancher/k3s/server/tls'],
    ['/opt/cni/bin'],
    ['/var/run/docker.sock'],
    ['/run/containerd'],
  ])('where it is, holds or is within a folder that is: %s', (path) => {
    expect(isSensitivePath(path)).toBe(true);
  });

  test.each([['//etc'], ['/./etc/'], ['etc'], ['/etc//'], ['//'], ['/.'], ['.']])(
    'however it is spelled: %s',
    (path) => {
      expect(isSensitivePath(path)).toBe(true);
    },
  );

  test.each([['/data/..'], ['/data/../etc'], ['..'], ['/data/../data']])('where it leads up: %s', (path) => {
    expect(isSensitivePath(path)).toBe(true);
  });

  test.each([
    ['C:\\'],
    ['c:\\var\\lib\\kubelet'],
    ['C:/Windows/System32'],
    ['\\ProgramData\\containerd'],
    ['\\\\.\\pipe\\containerd-containerd'],
    ['\\\\?\\C:\\data'],
    ['\\\\.\\C:\\Users'],
    ['C:\\data\\..\\Windows'],
  ])('as Windows spells it: %s', (path) => {
    expect(isSensitivePath(path)).toBe(true);
  });

  test.each([
    ['/etcetera'],
    ['/data'],
    ['/data/etc'],
    ['/mnt/disks/ssd0'],
    ['/var/lib/kubelet-data'],
    ['/var/lib/rancher/k3s/storage/pvc-1'],
    ['/opt/local-path-provisioner/pvc-1'],
    ['/var/local'],
    ['/...'],
    ['/data/..hidden'],
    ['C:\\data'],
  ])('and is not where it only looks like one: %s', (path) => {
    expect(isSensitivePath(path)).toBe(false);
  });
});
