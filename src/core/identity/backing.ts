/** What stands behind a claim: which driver, or which path of the node. */
import type {
  CSIDriver,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
  Volume,
} from '../../api/kubernetes.ts';

/** How claims are followed; each answers undefined where there is no such object. */
export interface StorageLookups {
  /** Of the pod's namespace. */
  claim(name: string): Promise<Pick<PersistentVolumeClaim, 'spec'> | undefined>;
  volume(name: string): Promise<Pick<PersistentVolume, 'spec'> | undefined>;
  storageClass(name: string): Promise<Pick<StorageClass, 'provisioner'> | undefined>;
  /** The newest of those that are marked as the default (storage/v1, IsDefaultStorageClassAnnotation). */
  defaultStorageClass(): Promise<Pick<StorageClass, 'provisioner'> | undefined>;
  driver(name: string): Promise<Pick<CSIDriver, 'spec'> | undefined>;
}

export type Backing =
  /** A CSI driver, by its name. */
  | { driver: string }
  /** A path of the node, whether as hostPath or as a local volume. */
  | { nodePath: string }
  /** A type of volume within Kubernetes, as whoever may write PersistentVolumes chose it: `nfs`. */
  | { inTree: string }
  /** Why it cannot be told. */
  | { unresolved: string };

type ClaimSpec = Partial<NonNullable<PersistentVolumeClaim['spec']>>;
type ClaimTemplate = NonNullable<Volume['ephemeral']>['volumeClaimTemplate'];

/** Of a PersistentVolumeClaim, by its name. */
export async function backingOfClaim(name: string, lookups: StorageLookups): Promise<Backing> {
  const claim = await lookups.claim(name);
  return claim ? backingOfSpec(claim.spec ?? {}, lookups) : { unresolved: `no such PersistentVolumeClaim` };
}

/** Of a generic ephemeral volume (KEP-1698): its claim is made with the pod, from the template. */
export async function backingOfEphemeral(
  template: ClaimTemplate | undefined,
  lookups: StorageLookups,
): Promise<Backing> {
  return backingOfSpec(template?.spec ?? {}, lookups);
}

/** A claim that is bound, or asks to be, by its volume; otherwise by what its class would have provisioned. */
async function backingOfSpec(spec: ClaimSpec, lookups: StorageLookups): Promise<Backing> {
  const { volumeName, storageClassName } = spec;
  if (volumeName) {
    const volume = await lookups.volume(volumeName);
    // Who writes pods may not be allowed to see volumes: nothing of one is said.
    return volume
      ? backingOfVolume(volume)
      : { unresolved: 'the PersistentVolume that it names cannot be told' };
  }
  // An empty name asks for a volume without a class, of which there can be any.
  if (storageClassName === '')
    return { unresolved: 'not bound, and without a class: any volume may be bound to it' };
  const named = storageClassName === undefined;
  const its = await (named ? lookups.defaultStorageClass() : lookups.storageClass(storageClassName));
  if (!its) {
    return {
      unresolved: named
        ? 'not bound, and there is no default StorageClass'
        : `no such StorageClass: ${storageClassName}`,
    };
  }
  return its.provisioner.startsWith(IN_TREE_PREFIX)
    ? backingOfInTree(its.provisioner)
    : { driver: its.provisioner };
}

/** Provisioners within Kubernetes, where they are no CSI driver's: kubernetes.io/no-provisioner, kubernetes.io/portworx-volume. */
const IN_TREE_PREFIX = 'kubernetes.io/';
const NO_PROVISIONER = 'kubernetes.io/no-provisioner';

function backingOfInTree(provisioner: string): Backing {
  return provisioner === NO_PROVISIONER
    ? {
        unresolved: 'not bound, and its class has no provisioner: any volume of the class may be bound to it',
      }
    : { inTree: provisioner };
}

/** What is no source in the spec of a PersistentVolume (core/v1, PersistentVolumeSpec). */
const NO_SOURCES: readonly string[] = [
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
] satisfies (keyof NonNullable<PersistentVolume['spec']>)[];

function backingOfVolume({ spec }: Pick<PersistentVolume, 'spec'>): Backing {
  if (!spec) return { unresolved: 'a volume without a source' };
  if (spec.csi) return { driver: spec.csi.driver };
  const path = spec.hostPath?.path ?? spec.local?.path;
  if (path !== undefined) return { nodePath: path };
  const source = Object.keys(spec).find((key) => !NO_SOURCES.includes(key));
  return source === undefined ? { unresolved: 'a volume without a source' } : { inTree: source };
}

/**
 * Folders of a node in which its own or other pods' credentials are, or from which it is controlled. Everything above and
 * below them counts.
 */
const SENSITIVE_PATHS: readonly string[] = [
  '/boot',
  '/dev',
  '/etc',
  '/home',
  '/proc',
  '/root',
  '/run',
  '/sys',
  '/usr',
  '/bin',
  '/lib',
  '/sbin',
  '/var/lib/containerd',
  '/var/lib/containers',
  '/var/lib/cni',
  '/var/lib/crio',
  '/var/lib/docker',
  '/var/lib/etcd',
  '/var/lib/k0s',
  '/var/lib/kubelet',
  '/var/lib/rancher/k3s/agent',
  '/var/lib/rancher/k3s/server',
  '/var/lib/rancher/rke2',
  '/var/log',
  '/var/run',
  '/var/snap',
  '/var/spool/cron',
];

/** Whether a path of the node is worth as much as the node. One with `..` in it leads anywhere. */
export function isSensitivePath(path: string): boolean {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) return true;
  const normal = `/${segments.join('/')}`;
  return (
    normal === '/' || SENSITIVE_PATHS.some((other) => isWithin(normal, other) || isWithin(other, normal))
  );
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
