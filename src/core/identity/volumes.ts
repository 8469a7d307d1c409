/** The sources of volumes: which there are, and which of them a node mounts with more than the pod's own credentials. */
import type { PodSpec, Volume } from '../../api/kubernetes.ts';
import { isSensitivePath } from './backing.ts';
import type { IdentityRequest } from './request.ts';
import type { Surroundings } from './surroundings.ts';

export type ProjectedSource = NonNullable<NonNullable<Volume['projected']>['sources']>[number];

/** Each source of each projected volume, with its path: `spec.volumes[0].projected.sources[1]`. */
export function* projectedSources(
  spec: PodSpec,
): Generator<{ path: string; volume: Volume; source: ProjectedSource }> {
  for (const [index, volume] of (spec.volumes ?? []).entries()) {
    for (const [at, source] of (volume.projected?.sources ?? []).entries()) {
      yield { path: `spec.volumes[${index}].projected.sources[${at}]`, volume, source };
    }
  }
}

type VolumeType = Exclude<keyof Volume, 'name'>;

/** Why a volume of a type is access to more than the pod's own; undefined where it is not, or not this one. */
type MountedWith = (volume: Volume) => string | undefined;

const always =
  (what: string): MountedWith =>
  () =>
    what;
const never: MountedWith = () => undefined;

/** A type in whose place a Secret of the pod's may stand; without one, the node's or the cluster's credentials do. */
const withoutSecret =
  (type: 'azureFile' | 'cephfs' | 'rbd' | 'scaleIO' | 'storageos', what: string): MountedWith =>
  (volume) => {
    const source = volume[type];
    if (!source) return undefined;
    const secret = 'secretName' in source ? source.secretName : source.secretRef?.name;
    return secret ? undefined : what;
  };

/**
 * With whose credentials each type is mounted: a type that is not here would be a type error. Cloud disks and network
 * file systems are reached as the node, or as the cluster's own account at the cloud, whoever's data is on them; rbd and
 * cephfs read a keyring of the node where no Secret is named (kubernetes, pkg/volume/rbd, cephfs).
 */
const MOUNTED_WITH: Record<VolumeType, MountedWith> = {
  awsElasticBlockStore: always('a disk, with the cluster’s account at the cloud'),
  azureDisk: always('a disk, with the cluster’s account at the cloud'),
  azureFile: withoutSecret('azureFile', 'a file share, with the cluster’s account at the cloud'),
  cephfs: withoutSecret('cephfs', 'cephfs, with the keyring of the node'),
  // Its Secret is of no account: it is mounted by the CSI driver (k8s.io/csi-translation-lib, openstack_cinder.go).
  cinder: always('a disk, with the cluster’s account at the cloud'),
  configMap: never,
  // Judged as drivers: tokens.ts.
  csi: never,
  downwardAPI: never,
  emptyDir: never,
  ephemeral: never,
  fc: always('fibre channel, as the node'),
  flexVolume: always('a program on the node'),
  flocker: always('a dataset, as the node'),
  gcePersistentDisk: always('a disk, with the cluster’s account at the cloud'),
  gitRepo: always('git, run on the node'),
  glusterfs: always('glusterfs, as the node'),
  hostPath: (volume) => volume.hostPath?.path || 'a path without a name',
  // Judged as images.
  image: never,
  // Its Secret is for CHAP, which the pod may do without.
  iscsi: always('iscsi, as the node'),
  nfs: always('nfs, as the node'),
  persistentVolumeClaim: never,
  photonPersistentDisk: always('a disk, with the cluster’s account at the cloud'),
  portworxVolume: always('a volume, as the node'),
  projected: never,
  quobyte: always('a volume, as the node'),
  rbd: withoutSecret('rbd', 'rbd, with the keyring of the node'),
  scaleIO: withoutSecret('scaleIO', 'a volume, as the node'),
  secret: never,
  storageos: withoutSecret('storageos', 'a volume, as the node'),
  vsphereVolume: always('a disk, with the cluster’s account at vSphere'),
};

/** The types with a rule, once: volumes are gone through by what they have, which is one of them. */
const MOUNTED_WITH_BY_TYPE: ReadonlyMap<string, MountedWith> = new Map(Object.entries(MOUNTED_WITH));

/** Volumes that are mounted with the node's own credentials or rights, directly or by a claim. */
export function* nodeVolumes(
  spec: PodSpec,
  { backings }: Surroundings,
): Generator<IdentityRequest<'NodeAccess' | 'Unresolved'>> {
  for (const [index, volume] of (spec.volumes ?? []).entries()) {
    const path = `spec.volumes[${index}]`;
    for (const type of Object.keys(volume)) {
      const what = volume[type as VolumeType] ? MOUNTED_WITH_BY_TYPE.get(type)?.(volume) : undefined;
      if (what !== undefined) yield { kind: 'NodeAccess', value: what, path: `${path}.${type}` };
    }
    if (!volume.persistentVolumeClaim && !volume.ephemeral) continue;
    const its = backings.get(path) ?? [{ unresolved: 'it was not looked up' }];
    for (const backing of its) {
      if (!('unresolved' in backing)) continue;
      const what = volume.persistentVolumeClaim
        ? `claim ${volume.persistentVolumeClaim.claimName}`
        : 'the claim of the volume';
      yield { kind: 'Unresolved', value: { what, why: backing.unresolved }, path };
    }
    // Which path it is, is the business of who wrote the volume.
    if (its.some((backing) => 'nodePath' in backing && isSensitivePath(backing.nodePath)))
      yield { kind: 'NodeAccess', value: 'a sensitive path of the node, by a claim', path };
  }
}
