/** What stands behind a claim: which driver, or which path of the node. */
import type {
  CSIDriver,
  ObjectMeta,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
  Volume,
} from '../../api/kubernetes.ts';

/** How claims are followed; each answers undefined where there is no such object. */
export interface StorageLookups {
  /** Of the pod's namespace. */
  claim(name: string): Promise<Pick<PersistentVolumeClaim, 'metadata' | 'spec'> | undefined>;
  volume(name: string): Promise<Pick<PersistentVolume, 'spec'> | undefined>;
  /**
   * Of a class, those that no other claim has: any of them may be bound to a claim of the class before one is provisioned.
   *
   * @param claim by its name; undefined for one that is made with the pod
   */
  volumesOfClass(name: string, claim: string | undefined): Promise<readonly Pick<PersistentVolume, 'spec'>[]>;
  storageClass(name: string): Promise<Pick<StorageClass, 'provisioner'> | undefined>;
  /** The newest of those that are marked as the default (storage/v1, IsDefaultStorageClassAnnotation). */
  defaultStorageClass(): Promise<Pick<StorageClass, 'metadata' | 'provisioner'> | undefined>;
  driver(name: string): Promise<Pick<CSIDriver, 'spec'> | undefined>;
}

export type Backing =
  /** A CSI driver, by its name. */
  | { driver: string }
  /** A path of the node, whether as hostPath or as a local volume. */
  | { nodePath: string }
  /** A type of volume that Kubernetes itself mounts, as whoever may write PersistentVolumes chose it: `nfs`. */
  | { inTree: string }
  /** Why it cannot be told. */
  | { unresolved: string };

/** As a claim says it, or the template of one. */
interface Claim {
  metadata?: Pick<ObjectMeta, 'annotations'>;
  spec?: { volumeName?: string; storageClassName?: string };
}
type ClaimTemplate = NonNullable<Volume['ephemeral']>['volumeClaimTemplate'];

/** Of a PersistentVolumeClaim, by its name. */
export async function backingsOfClaim(name: string, lookups: StorageLookups): Promise<Backing[]> {
  const claim = await lookups.claim(name);
  return claim ? backingsOf(claim, name, lookups) : [{ unresolved: `no such PersistentVolumeClaim` }];
}

/** Of a generic ephemeral volume (KEP-1698): its claim is made with the pod, from the template. */
export async function backingsOfEphemeral(
  template: ClaimTemplate | undefined,
  lookups: StorageLookups,
): Promise<Backing[]> {
  return backingsOf(template ?? {}, undefined, lookups);
}

/** By which a claim names its class, before the field and against it (k8s.io/component-helpers, storage/volume). */
const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

/**
 * A claim that is bound, or asks to be, by its volume; otherwise by what its class would have provisioned, and by every volume of the
 * class that is there already: one that fits is bound, and nothing is provisioned (kubernetes, pkg/controller/volume/persistentvolume,
 * syncUnboundClaim; scheduler's volumebinding, findMatchingVolumes). Which fit is not asked: a claim's author chooses that.
 */
async function backingsOf(
  { metadata, spec = {} }: Claim,
  claim: string | undefined,
  lookups: StorageLookups,
): Promise<Backing[]> {
  const { volumeName } = spec;
  const storageClassName = metadata?.annotations?.[CLASS_ANNOTATION] ?? spec.storageClassName;
  if (volumeName) {
    const volume = await lookups.volume(volumeName);
    // Who writes pods may not be allowed to see volumes: nothing of one is said.
    return [
      volume ? backingOfVolume(volume) : { unresolved: 'the PersistentVolume that it names cannot be told' },
    ];
  }
  // An empty name asks for a volume without a class, of which there can be any.
  if (storageClassName === '')
    return [{ unresolved: 'not bound, and without a class: any volume may be bound to it' }];
  const its = await classNamed(storageClassName, lookups);
  if ('unresolved' in its) return [its];
  const provisioned = its.provisioner.startsWith(IN_TREE_PREFIX)
    ? backingOfInTree(its.provisioner)
    : { driver: its.provisioner };
  // Where a claim names no class, a volume without one is looked for before the default class is (syncUnboundClaim, too).
  const classes = storageClassName === undefined ? ['', its.name] : [its.name];
  const there = await Promise.all(classes.map((name) => lookups.volumesOfClass(name, claim)));
  return distinct([provisioned, ...there.flat().map(backingOfVolume)]);
}

/** The class that a claim names, or the default. */
async function classNamed(
  name: string | undefined,
  lookups: StorageLookups,
): Promise<{ name: string; provisioner: string } | { unresolved: string }> {
  if (name === undefined) {
    const its = await lookups.defaultStorageClass();
    return its
      ? { name: its.metadata.name ?? '', provisioner: its.provisioner }
      : { unresolved: 'not bound, and there is no default StorageClass' };
  }
  const its = await lookups.storageClass(name);
  return its ? { name, provisioner: its.provisioner } : { unresolved: `no such StorageClass: ${name}` };
}

/** A class may have thousands of volumes, and most are alike. */
function distinct(backings: readonly Backing[]): Backing[] {
  return [...new Map(backings.map((backing) => [JSON.stringify(backing), backing])).values()];
}

/** Provisioners within Kubernetes, where they are no CSI driver's: kubernetes.io/no-provisioner, kubernetes.io/portworx-volume. */
const IN_TREE_PREFIX = 'kubernetes.io/';
const NO_PROVISIONER = 'kubernetes.io/no-provisioner';

function backingOfInTree(provisioner: string): Backing {
  if (provisioner === NO_PROVISIONER) {
    return {
      unresolved: 'not bound, and its class has no provisioner: any volume of the class may be bound to it',
    };
  }
  const driver = DRIVERS.find((each) => each.provisioner === provisioner)?.driver;
  return driver === undefined ? { inTree: provisioner } : { driver };
}

/**
 * Types of volumes that Kubernetes has CSI drivers mount, wherever they stand: such a driver is handed tokens like any other
 * (k8s.io/csi-translation-lib, translate.go; KEP-625).
 */
const DRIVERS = [
  { type: 'awsElasticBlockStore', provisioner: 'kubernetes.io/aws-ebs', driver: 'ebs.csi.aws.com' },
  { type: 'azureDisk', provisioner: 'kubernetes.io/azure-disk', driver: 'disk.csi.azure.com' },
  { type: 'azureFile', provisioner: 'kubernetes.io/azure-file', driver: 'file.csi.azure.com' },
  { type: 'cinder', provisioner: 'kubernetes.io/cinder', driver: 'cinder.csi.openstack.org' },
  { type: 'gcePersistentDisk', provisioner: 'kubernetes.io/gce-pd', driver: 'pd.csi.storage.gke.io' },
  { type: 'portworxVolume', provisioner: 'kubernetes.io/portworx-volume', driver: 'pxd.portworx.com' },
  { type: 'vsphereVolume', provisioner: 'kubernetes.io/vsphere-volume', driver: 'csi.vsphere.vmware.com' },
] as const satisfies { type: keyof Volume; provisioner: string; driver: string }[];

/** The driver of a volume of such a type; undefined for every other. */
export function driverOfType(
  volume: Partial<Record<(typeof DRIVERS)[number]['type'], object>>,
): string | undefined {
  return DRIVERS.find(({ type }) => volume[type])?.driver;
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

/** Whether a field of a PersistentVolume says what it is: one that is not known may. */
export function isSource(field: string): boolean {
  return !NO_SOURCES.includes(field);
}

/**
 * Whether a claim of the namespace may still be bound to the volume: nobody has it, and it is kept for none, or for one there; or it is
 * the claim's already, which does not say so itself yet: a binding is two writes, the volume's first.
 *
 * @param claim by its name; undefined for one that is made with the pod
 */
export function isAvailable(
  { spec }: Pick<PersistentVolume, 'spec'>,
  namespace: string,
  claim: string | undefined,
): boolean {
  const { claimRef } = spec ?? {};
  if (!claimRef) return true;
  return claimRef.namespace === namespace && (!claimRef.uid || claimRef.name === claim);
}

/** The class of a volume, which may stand in an annotation (k8s.io/component-helpers, storage/volume, GetPersistentVolumeClass). */
export function classOfVolume({ metadata, spec }: Pick<PersistentVolume, 'metadata' | 'spec'>): string {
  return metadata.annotations?.[CLASS_ANNOTATION] ?? spec?.storageClassName ?? '';
}

function backingOfVolume({ spec }: Pick<PersistentVolume, 'spec'>): Backing {
  if (!spec) return { unresolved: 'a volume without a source' };
  const driver = spec.csi?.driver ?? driverOfType(spec);
  if (driver !== undefined) return { driver };
  const path = spec.hostPath?.path ?? spec.local?.path;
  if (path !== undefined) return { nodePath: path };
  const source = Object.keys(spec).find(isSource);
  return source === undefined ? { unresolved: 'a volume without a source' } : { inTree: source };
}

/**
 * Folders of a node in which its own or other pods' credentials are, or from which it is controlled; in lower case. Everything
 * above and below them counts.
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
  '/lib32',
  '/lib64',
  '/sbin',
  '/opt/bin',
  '/opt/cni',
  '/var/lib/cloud',
  '/var/lib/containerd',
  '/var/lib/containers',
  '/var/lib/cni',
  '/var/lib/crio',
  '/var/lib/docker',
  '/var/lib/etcd',
  '/var/lib/k0s',
  '/var/lib/kubelet',
  '/var/lib/minikube',
  '/var/lib/rancher/k3s/agent',
  '/var/lib/rancher/k3s/server',
  '/var/lib/rancher/rke2',
  '/var/lib/waagent',
  '/var/log',
  '/var/run',
  '/var/snap',
  '/var/spool/cron',
  // Of Windows; runtimes listen on named pipes there.
  '/pipe',
  '/program files',
  '/programdata',
  '/users',
  '/windows',
];

/**
 * Whether a path of the node is worth as much as the node. One with `..` in it leads anywhere. Windows takes either slash and
 * either case, has drives before its paths, and devices and pipes by names like `\\.\pipe`.
 */
export function isSensitivePath(path: string): boolean {
  const segments = path
    .toLowerCase()
    .split(/[/\\]/)
    .filter((segment) => segment !== '' && segment !== '.' && !/^[a-z]:$/.test(segment));
  if (segments.includes('..') || segments.includes('?')) return true;
  const normal = `/${segments.join('/')}`;
  return (
    normal === '/' || SENSITIVE_PATHS.some((other) => isWithin(normal, other) || isWithin(other, normal))
  );
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
