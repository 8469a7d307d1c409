/**
 * The Kubernetes objects that this project reads and writes, as they are on the wire.
 *
 * The shapes are those of client-node's generated models, imported as types only. Its runtime serializers are not
 * used anywhere: they turn timestamps into `Date` and drop fields that they do not know, so an object that was read,
 * changed and written back would lose what a newer API server had put there.
 */
import type {
  AuthenticationV1TokenRequest,
  EventsV1Event,
  RbacV1Subject,
  ResourceV1ResourceClaim,
  V1Binding,
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1ConfigMap,
  V1Container,
  V1CSIDriver,
  V1CustomResourceDefinition,
  V1EphemeralContainer,
  V1Job,
  V1Lease,
  V1ListMeta,
  V1MutatingWebhookConfiguration,
  V1Namespace,
  V1ObjectMeta,
  V1ObjectReference,
  V1OwnerReference,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodSpec,
  V1PodStatus,
  V1PolicyRule,
  V1ResourceClaimTemplate,
  V1Role,
  V1RoleBinding,
  V1Secret,
  V1SelfSubjectReview,
  V1ServiceAccount,
  V1Status,
  V1StorageClass,
  V1SubjectAccessReview,
  V1TokenReview,
  V1UserInfo,
  V1ValidatingAdmissionPolicy,
  V1ValidatingAdmissionPolicyBinding,
  V1ValidatingWebhookConfiguration,
  V1Volume,
} from '@kubernetes/client-node';

/** client-node prefixes names that are reserved words in some language (`_continue`, `_from`, `_default`). */
type WireName<Name> = Name extends `_${infer Bare}` ? Bare : Name;

/** A client-node model as JSON: every `Date` is an RFC 3339 string, recursively, and names are those on the wire. */
export type Raw<T> = unknown extends T
  ? unknown
  : T extends Date
    ? string
    : T extends readonly (infer Item)[]
      ? Raw<Item>[]
      : T extends object
        ? { [Name in keyof T as WireName<Name>]: Raw<T[Name]> }
        : T;

export type ObjectMeta = Raw<V1ObjectMeta>;
export type ListMeta = Raw<V1ListMeta>;
export type OwnerReference = Raw<V1OwnerReference>;
export type ObjectReference = Raw<V1ObjectReference>;

/** What every object of every kind has. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** What the API server has filled in on every object that it returns. */
export type StoredMeta = ObjectMeta & {
  name: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
};

/** An object as the API server returned it: it has a name, a UID, a resource version and a time of creation. */
export type Stored<T extends KubernetesObject> = T & { metadata: StoredMeta };

/** One page of a list. `metadata.continue` is there while more pages follow. */
export interface List<T> {
  metadata: ListMeta;
  items: T[];
}

/** client-node has `apiVersion`, `kind` and `metadata` as optional everywhere; no object of ours is without them. */
type Kind<T> = Omit<Raw<T>, keyof KubernetesObject> & KubernetesObject;

export type Pod = Kind<V1Pod>;
export type Binding = Kind<V1Binding>;
export type PodSpec = Raw<V1PodSpec>;
export type PodStatus = Raw<V1PodStatus>;
export type Container = Raw<V1Container>;
export type EphemeralContainer = Raw<V1EphemeralContainer>;
export type Volume = Raw<V1Volume>;
export type ConfigMap = Kind<V1ConfigMap>;
export type Namespace = Kind<V1Namespace>;
export type PersistentVolume = Kind<V1PersistentVolume>;
export type PersistentVolumeClaim = Kind<V1PersistentVolumeClaim>;
export type Secret = Kind<V1Secret>;
export type ServiceAccount = Kind<V1ServiceAccount>;

export type Job = Kind<V1Job>;

export type ClusterRole = Kind<V1ClusterRole>;
export type ClusterRoleBinding = Kind<V1ClusterRoleBinding>;
export type PolicyRule = Raw<V1PolicyRule>;
export type Role = Kind<V1Role>;
export type RoleBinding = Kind<V1RoleBinding>;
/** A subject of a role binding. */
export type Subject = Raw<RbacV1Subject>;

export type CSIDriver = Kind<V1CSIDriver>;
export type StorageClass = Kind<V1StorageClass>;
export type Lease = Kind<V1Lease>;
export type ResourceClaim = Kind<ResourceV1ResourceClaim>;
export type ResourceClaimTemplate = Kind<V1ResourceClaimTemplate>;
/** Of events.k8s.io/v1. */
export type Event = Kind<EventsV1Event>;

export type SelfSubjectReview = Kind<V1SelfSubjectReview>;
export type SubjectAccessReview = Kind<V1SubjectAccessReview>;
export type TokenRequest = Kind<AuthenticationV1TokenRequest>;
/** The API server fills in its own audiences where none is named. */
export type TokenRequestSpec = NonNullable<TokenRequest['spec']> & { audiences: string[] };
export type TokenReview = Kind<V1TokenReview>;
/** As much as is judged of it: client-node has no model of certificates.k8s.io/v1, PodCertificateRequest (KEP-4317). */
export interface PodCertificateRequest {
  spec: {
    signerName: string;
    podName: string;
    podUID: string;
    serviceAccountName: string;
    /** Seconds; a day where omitted. */
    maxExpirationSeconds?: number | undefined;
    unverifiedUserAnnotations?: Record<string, string>;
  };
}
/** Who made a request, as the API server says. */
export type UserInfo = Raw<V1UserInfo>;

export type CustomResourceDefinition = Kind<V1CustomResourceDefinition>;
export type MutatingWebhookConfiguration = Kind<V1MutatingWebhookConfiguration>;
export type ValidatingAdmissionPolicy = Kind<V1ValidatingAdmissionPolicy>;
export type ValidatingAdmissionPolicyBinding = Kind<V1ValidatingAdmissionPolicyBinding>;
export type ValidatingWebhookConfiguration = Kind<V1ValidatingWebhookConfiguration>;

/** What the API server answers when it answers no object: every error, and some deletions. */
export type Status = Raw<V1Status>;

export interface GroupVersionKind {
  group: string;
  version: string;
  kind: string;
}

export interface GroupVersionResource {
  group: string;
  version: string;
  resource: string;
}

/**
 * What an admission webhook is asked, admission.k8s.io/v1 (k8s.io/api/admission/v1/types.go; client-node has no
 * model of it, because it is no resource of the API).
 */
export interface AdmissionRequest {
  uid: string;
  kind: GroupVersionKind;
  resource: GroupVersionResource;
  subResource?: string;
  /** The kind, resource and subresource of the original request, where `matchPolicy: Equivalent` converted it. */
  requestKind?: GroupVersionKind;
  requestResource?: GroupVersionResource;
  requestSubResource?: string;
  /** Empty when the name is generated and the request is still being mutated. */
  name?: string;
  namespace?: string;
  operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  userInfo: UserInfo;
  /** Null for DELETE. */
  object?: unknown;
  /** Null for CREATE and CONNECT. */
  oldObject?: unknown;
  dryRun?: boolean;
  /** The `CreateOptions`, `UpdateOptions`, `DeleteOptions` of the original request. */
  options?: unknown;
}

/** What an admission webhook answers, admission.k8s.io/v1. */
export interface AdmissionResponse {
  uid: string;
  allowed: boolean;
  status?: Status;
  /** A JSON patch (RFC 6902), base64. */
  patch?: string;
  patchType?: 'JSONPatch';
  /** Written to the API server's audit event, each key prefixed with the webhook's name. */
  auditAnnotations?: Record<string, string>;
  /** Shown to the client as `Warning` headers; more than 120 characters may be cut (types.go). */
  warnings?: string[];
}

/** The envelope of both, admission.k8s.io/v1. */
export interface AdmissionReview {
  apiVersion: 'admission.k8s.io/v1';
  kind: 'AdmissionReview';
  request?: AdmissionRequest;
  response?: AdmissionResponse;
}
