/** The verdicts on volumes, their sources, and claims: see surface.ts. */
import { harmless, identity, leads, rulings, type PodSurface } from './verdict.ts';

const MODES = 'Who of the pod’s own processes may read a file: all of them run under the one identity.';

const MAY_HIDE = 'Two sources of a volume can write the same file: one could take the place of a token.';

const OF_A_SECRET = 'Which part of a Secret, whose name is judged.';

const CONFIG_MAP = 'ConfigMaps are not for credentials: the API promises no secrecy for them.';

/** How a file system is mounted, of every source that is one. */
const MOUNTED = harmless('How it is mounted.', 'fsType', 'readOnly');
const READ_ONLY = harmless('How it is mounted.', 'readOnly');

const BY_THE_NODE = 'Mounted by the node, with the node’s access to the storage.';

const MIGRATED = 'Goes to a CSI driver (KEP-625), which uses the cluster’s own credentials.';

/** As the field’s own description says: "no longer supported". */
const GONE =
  'Of a type that the kubelet no longer supports; one that does mounts it with the cluster’s own access.';

export const VOLUMES = {
  Volume: harmless('A name within the pod.', 'name'),

  // What is made of objects of the API.
  ProjectedVolumeSource: harmless(MODES, 'defaultMode', 'defaultUser'),
  ServiceAccountTokenProjection: rulings(
    identity(
      'A token of the pod’s service account (KEP-1205): for whom, for how long, and where.',
      'audience',
      'expirationSeconds',
      'path',
    ),
    harmless(MODES, 'user'),
  ),
  PodCertificateProjection: rulings(
    identity(
      'A certificate with its key (KEP-4317): from whom, of what kind, for how long, and saying what.',
      'signerName',
      'keyType',
      'maxExpirationSeconds',
      'userAnnotations',
    ),
    leads(MAY_HIDE, 'credentialBundlePath', 'certificateChainPath', 'keyPath'),
    harmless(MODES, 'user'),
  ),
  ClusterTrustBundleProjection: rulings(
    leads(MAY_HIDE, 'path'),
    harmless('Trust bundles are public (KEP-3257).', 'name', 'signerName', 'optional'),
    harmless(MODES, 'user'),
  ),
  SecretVolumeSource: rulings(
    identity('A Secret, as files.', 'secretName'),
    harmless(OF_A_SECRET, 'optional'),
    harmless(MODES, 'defaultMode', 'defaultUser'),
  ),
  SecretProjection: rulings(identity('A Secret, as files.', 'name'), harmless(OF_A_SECRET, 'optional')),
  ConfigMapVolumeSource: rulings(
    harmless(CONFIG_MAP, 'name', 'optional'),
    harmless(MODES, 'defaultMode', 'defaultUser'),
  ),
  ConfigMapProjection: harmless(CONFIG_MAP, 'name', 'optional'),
  DownwardAPIVolumeSource: harmless(MODES, 'defaultMode', 'defaultUser'),
  DownwardAPIVolumeFile: rulings(leads(MAY_HIDE, 'path'), harmless(MODES, 'mode', 'user')),
  KeyToPath: rulings(
    leads(MAY_HIDE, 'path'),
    harmless('Which part of a Secret or ConfigMap that has a verdict of its own.', 'key'),
    harmless(MODES, 'mode', 'user'),
  ),
  LocalObjectReference: identity(
    'A Secret, wherever it occurs in a pod: for pulling images, or for a driver.',
    'name',
  ),

  // What the node has.
  EmptyDirVolumeSource: harmless('Empty at first, and the pod’s own.', 'medium', 'mode', 'sizeLimit'),
  HostPathVolumeSource: rulings(
    leads(
      'Files and sockets of the node, the kubelet’s credentials among them; the baseline profile forbids it.',
      'path',
    ),
    harmless('What has to be at the path, which is judged.', 'type'),
  ),
  ImageVolumeSource: rulings(
    leads('Files of an image, which can be programs, too (KEP-4639).', 'reference'),
    harmless(
      'Which copy is used, not which image: its name is judged, and a digest fixes its content.',
      'pullPolicy',
    ),
  ),
  GitRepoVolumeSource: leads(
    'Arguments of git, which the kubelet runs on the node; off since 1.33 (KEP-5040).',
    'repository',
    'revision',
    'directory',
  ),

  // What drivers bring.
  CSIVolumeSource: rulings(
    identity(
      'A driver is handed tokens of the pod’s account where its CSIDriver has tokenRequests (KEP-2047).',
      'driver',
    ),
    leads(
      'What the driver is asked for: which secrets of a store, or a certificate from whom.',
      'volumeAttributes',
    ),
    MOUNTED,
  ),
  FlexVolumeSource: rulings(
    leads('A program of the node, which runs as root there, and what it is told.', 'driver', 'options'),
    MOUNTED,
  ),
  PersistentVolumeClaimVolumeSource: rulings(
    leads(
      'Data of others, or what a driver brings by the volume that is bound: its secrets and tokens.',
      'claimName',
    ),
    READ_ONLY,
  ),
  PersistentVolumeClaimSpec: rulings(
    leads('Decides which driver makes the volume, with whose Secrets.', 'storageClassName'),
    leads('An existing volume, with what is on it and what its driver is told.', 'volumeName'),
    leads(
      'Parameters of the driver, of whose meaning Kubernetes knows nothing (KEP-3751).',
      'volumeAttributesClassName',
    ),
    harmless('How it is mounted.', 'accessModes', 'volumeMode'),
  ),
  TypedLocalObjectReference: leads(
    'Only of a claim’s data source: a snapshot or claim, with what others wrote there.',
    'apiGroup',
    'kind',
    'name',
  ),
  TypedObjectReference: leads(
    'Only of a claim’s data source: any object that a populator knows, of another namespace too (KEP-3294).',
    'apiGroup',
    'kind',
    'name',
    'namespace',
  ),
  VolumeResourceRequirements: harmless('The size of a claim.', 'limits', 'requests'),

  // In-tree storage that kubelets of this version still mount.
  NFSVolumeSource: rulings(leads(BY_THE_NODE, 'server', 'path'), READ_ONLY),
  ISCSIVolumeSource: rulings(
    leads(BY_THE_NODE, 'targetPortal', 'portals', 'iqn', 'lun', 'iscsiInterface'),
    leads('The name by which a target knows who connects.', 'initiatorName'),
    harmless('Whether CHAP is used; its Secret is judged.', 'chapAuthDiscovery', 'chapAuthSession'),
    MOUNTED,
  ),
  FCVolumeSource: rulings(leads(BY_THE_NODE, 'targetWWNs', 'lun', 'wwids'), MOUNTED),

  // In-tree storage of clouds, which a CSI driver does now.
  AWSElasticBlockStoreVolumeSource: rulings(leads(MIGRATED, 'volumeID', 'partition'), MOUNTED),
  AzureDiskVolumeSource: rulings(
    leads(MIGRATED, 'diskName', 'diskURI'),
    harmless('How it is mounted.', 'cachingMode', 'kind'),
    MOUNTED,
  ),
  AzureFileVolumeSource: rulings(
    identity('A Secret, with the key of a storage account.', 'secretName'),
    leads(MIGRATED, 'shareName'),
    READ_ONLY,
  ),
  CinderVolumeSource: rulings(leads(MIGRATED, 'volumeID'), MOUNTED),
  GCEPersistentDiskVolumeSource: rulings(leads(MIGRATED, 'pdName', 'partition'), MOUNTED),
  PortworxVolumeSource: rulings(leads(MIGRATED, 'volumeID'), MOUNTED),
  VsphereVirtualDiskVolumeSource: rulings(
    leads(MIGRATED, 'volumePath'),
    harmless('How the volume is mounted and kept.', 'fsType', 'storagePolicyID', 'storagePolicyName'),
  ),

  // In-tree storage that the API still has, and no kubelet.
  CephFSVolumeSource: rulings(
    leads(GONE, 'monitors', 'path'),
    leads('A Ceph user of the cluster, and the file of the node that has the key.', 'user', 'secretFile'),
    READ_ONLY,
  ),
  RBDVolumeSource: rulings(
    leads(GONE, 'monitors', 'pool', 'image'),
    leads('A Ceph user of the cluster, and the file of the node that has the key.', 'user', 'keyring'),
    MOUNTED,
  ),
  FlockerVolumeSource: leads(GONE, 'datasetName', 'datasetUUID'),
  GlusterfsVolumeSource: rulings(leads(GONE, 'endpoints', 'path'), READ_ONLY),
  PhotonPersistentDiskVolumeSource: rulings(leads(GONE, 'pdID'), harmless('How it is mounted.', 'fsType')),
  QuobyteVolumeSource: rulings(
    leads(GONE, 'registry', 'volume', 'tenant'),
    leads('As whom the volume is used.', 'user', 'group'),
    READ_ONLY,
  ),
  ScaleIOVolumeSource: rulings(
    leads(GONE, 'gateway', 'system', 'protectionDomain', 'storagePool', 'volumeName'),
    leads('Without it the Secret’s credentials go to the gateway in the clear.', 'sslEnabled'),
    harmless('How the volume is kept.', 'storageMode'),
    MOUNTED,
  ),
  StorageOSVolumeSource: rulings(leads(GONE, 'volumeName', 'volumeNamespace'), MOUNTED),
} satisfies Partial<PodSurface>;
