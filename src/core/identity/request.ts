/**
 * What a pod can ask for that carries identity, leads to one, or decides which program holds it: one normalised
 * vocabulary, whatever field it was written in.
 */

/** A projected service account token (core/v1, ServiceAccountTokenProjection). */
export interface ProjectedToken {
  /** The API server's own where undefined. */
  audience: string | undefined;
  /** As the kubelet will ask for it: an hour where the source says nothing. */
  expirationSeconds: number;
  /** The file's path within its volume. */
  file: string;
}

/** A token of the pod's account that the kubelet hands to a CSI driver (storage/v1, CSIDriver spec.tokenRequests). */
export interface DriverToken {
  driver: string;
  /** The API server's own where undefined. */
  audience: string | undefined;
  /** An hour where the driver says nothing. */
  expirationSeconds: number;
}

/** A certificate that the kubelet asks a signer for (core/v1, PodCertificateProjection; KEP-4317). */
export interface PodCertificate {
  signerName: string;
  keyType: string;
  /** A day where the source says nothing. */
  maxExpirationSeconds: number;
  /** Copied into the request for the signer, who may believe them. */
  userAnnotations: Readonly<Record<string, string>>;
}

/** A storage driver that is given the pod, and how the pod came to it. */
export interface CsiDriver {
  name: string;
  /**
   * `claim`: by a PersistentVolumeClaim or a generic ephemeral volume, made for the pod by whoever made its class. `type`: by a
   * type of volume that Kubernetes itself had once, and has the driver mount now.
   */
  by: 'inline' | 'claim' | 'type';
  /** Whether it is handed tokens of the pod. */
  mints: boolean;
}

/** An annotation or a label by which another identity system knows the pod or its account. */
export interface ExternalIdentity {
  /** Whose it is: `Azure Workload Identity`. */
  system: string;
  key: string;
  value: string;
}

/** Something that hides the token's file from the programs that look for it, or puts another in its place. */
export interface TokenShadow {
  /** The path of the mount, or of the file within its volume. */
  at: string;
  /** What stands there: `volume cache`. */
  by: string;
}

/** Something that stands for something else, which cannot be found or told. */
export interface Unresolved {
  /** `claim data` */
  what: string;
  /** `no such PersistentVolumeClaim` */
  why: string;
}

/** Something that no rule can weigh, and what could have been in its place. */
export interface Unjudged {
  what: string;
  known: string;
}

/** What each kind of request asks for. */
interface Values {
  /** The name of a service account. */
  ServiceAccount: string;
  /** `automountServiceAccountToken`; undefined leaves it to the service account, whose default is true. */
  Automount: boolean | undefined;
  Token: ProjectedToken;
  DriverToken: DriverToken;
  Certificate: PodCertificate;
  /** A signer whose trust bundle is read, or the bundle's name: public (KEP-3257). */
  TrustBundle: string;
  /** The name of a Secret that is read for the pod, by whatever route. */
  Secret: string;
  CsiDriver: CsiDriver;
  /** A DeviceClass, or an extended resource (which a device plugin or a DeviceClass provides, KEP-5004). */
  Device: string;
  ExternalIdentity: ExternalIdentity;
  /** An image reference, of a container or of a volume. */
  Image: string;
  /** The name of an ephemeral container: somebody else's program within the pod. */
  EphemeralContainer: string;
  /** The images of containers that see each other's processes, and by that each other's files. */
  SharedProcesses: readonly string[];
  TokenShadow: TokenShadow;
  /** What of its node, or of the cluster's own credentials there, the pod wants. */
  NodeAccess: string;
  Unresolved: Unresolved;
  Unjudged: Unjudged;
}

export type RequestKind = keyof Values;

/** One request of one kind; of any kind, as a discriminated union, where none is named. */
export type IdentityRequest<Kind extends RequestKind = RequestKind> = {
  [K in Kind]: {
    kind: K;
    value: Values[K];
    /** Where it stands, as JSON path: `spec.volumes[0].projected.sources[0].serviceAccountToken`. */
    path: string;
  };
}[Kind];
