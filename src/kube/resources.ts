import { API_VERSION } from '../api/group.ts';
import type * as k8s from '../api/kubernetes.ts';
import type { KubernetesObject } from '../api/kubernetes.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import type { TaskGrantClass } from '../api/taskgrantclass.ts';

/** Where the API server keeps a kind of object. `T` is the kind: `client.get(pods, …)` is a Pod. */
export interface Resource<T extends KubernetesObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly kind: T['kind'];
}

/** Which object, or which of its subresources; or, without a name, which collection. */
export interface Place {
  /** Left out for cluster-scoped kinds, and to mean all namespaces in a list. */
  namespace?: string | undefined;
  name?: string | undefined;
  subresource?: string | undefined;
}

/** Describes a resource: for kinds that this file does not list. */
export const resource = <T extends KubernetesObject>(
  apiVersion: string,
  kind: T['kind'],
  plural: string,
  scope: 'Namespaced' | 'Cluster',
): Resource<T> => {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  return { group: group ?? '', version: version ?? '', plural, namespaced: scope === 'Namespaced', kind };
};

/** `apps/v1`, and `v1` for the core group. */
export const apiVersionOf = ({ group, version }: Resource<KubernetesObject>): string =>
  group === '' ? version : `${group}/${version}`;

/**
 * The path of a request.
 * @throws TypeError for a name, namespace or subresource that would lead elsewhere (empty, `.`, `..`, or with a slash).
 */
export const pathOf = (what: Resource<KubernetesObject>, place: Place): string => {
  const segments = [what.group === '' ? `/api/${what.version}` : `/apis/${what.group}/${what.version}`];
  if (what.namespaced && place.namespace !== undefined) segments.push('namespaces', segment(place.namespace));
  segments.push(what.plural);
  if (place.name !== undefined) segments.push(segment(place.name));
  if (place.subresource !== undefined) segments.push(...place.subresource.split('/').map(segment));
  return segments.join('/');
};

/** path segment names of the API: k8s.io/apimachinery/pkg/api/validation/path. */
const segment = (name: string): string => {
  if (name === '' || name === '.' || name === '..' || name.includes('/'))
    throw new TypeError(`no name of a Kubernetes object: ${JSON.stringify(name)}`);
  return encodeURIComponent(name);
};

export const configMaps = resource<k8s.ConfigMap>('v1', 'ConfigMap', 'configmaps', 'Namespaced');
export const namespaces = resource<k8s.Namespace>('v1', 'Namespace', 'namespaces', 'Cluster');
export const persistentVolumeClaims = resource<k8s.PersistentVolumeClaim>(
  'v1',
  'PersistentVolumeClaim',
  'persistentvolumeclaims',
  'Namespaced',
);
export const persistentVolumes = resource<k8s.PersistentVolume>(
  'v1',
  'PersistentVolume',
  'persistentvolumes',
  'Cluster',
);
export const pods = resource<k8s.Pod>('v1', 'Pod', 'pods', 'Namespaced');
export const secrets = resource<k8s.Secret>('v1', 'Secret', 'secrets', 'Namespaced');
export const serviceAccounts = resource<k8s.ServiceAccount>(
  'v1',
  'ServiceAccount',
  'serviceaccounts',
  'Namespaced',
);

export const jobs = resource<k8s.Job>('batch/v1', 'Job', 'jobs', 'Namespaced');
export const leases = resource<k8s.Lease>('coordination.k8s.io/v1', 'Lease', 'leases', 'Namespaced');
export const events = resource<k8s.Event>('events.k8s.io/v1', 'Event', 'events', 'Namespaced');
export const csiDrivers = resource<k8s.CSIDriver>('storage.k8s.io/v1', 'CSIDriver', 'csidrivers', 'Cluster');
export const storageClasses = resource<k8s.StorageClass>(
  'storage.k8s.io/v1',
  'StorageClass',
  'storageclasses',
  'Cluster',
);

const DEVICES = 'resource.k8s.io/v1';
export const resourceClaims = resource<k8s.ResourceClaim>(
  DEVICES,
  'ResourceClaim',
  'resourceclaims',
  'Namespaced',
);
export const resourceClaimTemplates = resource<k8s.ResourceClaimTemplate>(
  DEVICES,
  'ResourceClaimTemplate',
  'resourceclaimtemplates',
  'Namespaced',
);

const RBAC = 'rbac.authorization.k8s.io/v1';
export const clusterRoleBindings = resource<k8s.ClusterRoleBinding>(
  RBAC,
  'ClusterRoleBinding',
  'clusterrolebindings',
  'Cluster',
);
export const clusterRoles = resource<k8s.ClusterRole>(RBAC, 'ClusterRole', 'clusterroles', 'Cluster');
export const roleBindings = resource<k8s.RoleBinding>(RBAC, 'RoleBinding', 'rolebindings', 'Namespaced');
export const roles = resource<k8s.Role>(RBAC, 'Role', 'roles', 'Namespaced');

export const selfSubjectReviews = resource<k8s.SelfSubjectReview>(
  'authentication.k8s.io/v1',
  'SelfSubjectReview',
  'selfsubjectreviews',
  'Cluster',
);
export const subjectAccessReviews = resource<k8s.SubjectAccessReview>(
  'authorization.k8s.io/v1',
  'SubjectAccessReview',
  'subjectaccessreviews',
  'Cluster',
);
export const tokenReviews = resource<k8s.TokenReview>(
  'authentication.k8s.io/v1',
  'TokenReview',
  'tokenreviews',
  'Cluster',
);

const ADMISSION = 'admissionregistration.k8s.io/v1';
export const mutatingWebhookConfigurations = resource<k8s.MutatingWebhookConfiguration>(
  ADMISSION,
  'MutatingWebhookConfiguration',
  'mutatingwebhookconfigurations',
  'Cluster',
);
export const validatingAdmissionPolicies = resource<k8s.ValidatingAdmissionPolicy>(
  ADMISSION,
  'ValidatingAdmissionPolicy',
  'validatingadmissionpolicies',
  'Cluster',
);
export const validatingAdmissionPolicyBindings = resource<k8s.ValidatingAdmissionPolicyBinding>(
  ADMISSION,
  'ValidatingAdmissionPolicyBinding',
  'validatingadmissionpolicybindings',
  'Cluster',
);
export const validatingWebhookConfigurations = resource<k8s.ValidatingWebhookConfiguration>(
  ADMISSION,
  'ValidatingWebhookConfiguration',
  'validatingwebhookconfigurations',
  'Cluster',
);
export const customResourceDefinitions = resource<k8s.CustomResourceDefinition>(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
  'Cluster',
);

export const taskGrants = resource<TaskGrant>(API_VERSION, 'TaskGrant', 'taskgrants', 'Namespaced');
export const taskGrantClasses = resource<TaskGrantClass>(
  API_VERSION,
  'TaskGrantClass',
  'taskgrantclasses',
  'Cluster',
);
