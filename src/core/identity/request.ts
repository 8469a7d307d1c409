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

/** Something that no rule can weigh yet, and what could be had in its place. */
export interface Unjudged {
  what: string;
  known: readonly string[];
}

/** What each kind of request asks for. */
interface Values {
  /** The name of a service account. */
  ServiceAccount: string;
  /** `automountServiceAccountToken`; undefined leaves it to the service account, whose default is true. */
  Automount: boolean | undefined;
  Token: ProjectedToken;
  /** The name of a Secret that is read for the pod, by whatever route. */
  Secret: string;
  /** An image reference, of a container or of a volume. */
  Image: string;
  /** The name of an ephemeral container: somebody else's program within the pod. */
  EphemeralContainer: string;
  /** What of its node the pod wants. */
  NodeAccess: string;
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
