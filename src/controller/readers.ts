/**
 * The caches of the controller, and what of each object is worth its memory. What is read here is other people's, and as large as
 * they make it: pods with a megabyte of arguments, accounts with annotations to match.
 */
import {
  ENFORCE_LABEL,
  FINALIZER,
  GRANT_LABEL,
  GRANT_NAMESPACE_LABEL,
  GRANT_UID_LABEL,
  MANAGED_BY,
  MANAGED_BY_LABEL,
} from '../api/group.ts';
import type {
  ClusterRole,
  ClusterRoleBinding,
  Namespace,
  Pod,
  PolicyRule,
  Role,
  RoleBinding,
  ServiceAccount,
  Stored,
  StoredMeta,
} from '../api/kubernetes.ts';
import { isFinal } from '../api/reasons.ts';
import { MOST_FINALIZERS, type TaskGrant } from '../api/taskgrant.ts';
import type { TaskGrantClass } from '../api/taskgrantclass.ts';
import { withoutRequester } from '../core/envelope/requester.ts';
import { annotationsOfIdentity, type ExternalKey } from '../core/identity/external-identity.ts';
import { COLLECTORS_FINALIZERS } from '../core/lifecycle/issued.ts';
import { isPlacedFor } from '../core/names.ts';
import { reachOf } from '../core/rules/actors.ts';
import { roleKeyOf, subjectKeysOf, subjectsThatCount } from '../core/rules/bound.ts';
import { compacted, MOST_RIGHTS } from '../core/rules/compact.ts';
import type { Client } from '../kube/client.ts';
import type { Logger } from '../kube/logger.ts';
import type { ReaderMetrics } from '../kube/metrics.ts';
import { createReader, type Reader } from '../kube/reader.ts';
import {
  clusterRoleBindings,
  clusterRoles,
  namespaces,
  pods,
  roleBindings,
  roles,
  serviceAccounts,
  taskGrantClasses,
  taskGrants,
} from '../kube/resources.ts';
import { grantKeyOfIssued, grantKeyOfPod } from './grant-key.ts';

/**
 * Those of issued kinds hold what carries the product's label, which anybody may write; together with those of others, all Roles and
 * RoleBindings that there are.
 */
export interface Readers {
  grants: Reader<TaskGrant, 'class' | 'namespace'>;
  classes: Reader<TaskGrantClass>;
  namespaces: Reader<Namespace>;
  /** Pods with the grant label; by `namespace/grant`. */
  pods: Reader<Pod, 'grant'>;
  /** By `namespace/grant` of the grant they were made for, where they stand in its place. */
  serviceAccounts: Reader<ServiceAccount, 'grant'>;
  roles: Reader<Role, 'grant' | RoleIndex>;
  roleBindings: Reader<RoleBinding, 'grant' | BindingIndex>;
  rolesOfOthers: Reader<Role, RoleIndex>;
  roleBindingsOfOthers: Reader<RoleBinding, BindingIndex>;
  clusterRoles: Reader<ClusterRole, RoleIndex>;
  clusterRoleBindings: Reader<ClusterRoleBinding, BindingIndex>;
}

/** By their namespace (empty for a ClusterRole), where their rules reach accounts that their holder does not run as. */
type RoleIndex = 'reaching';
/** By whom they give rights, as far as it can be a grant's account; and by the role, with the namespace before it. */
type BindingIndex = 'subject' | 'role';

/** @param externalKeys by what other identity systems know accounts, besides those that are known anyway */
export function createReaders(
  externalKeys: readonly ExternalKey[],
  client: Client,
  logger: Logger,
  metrics: ReaderMetrics,
): Readers {
  const common = { client, logger, metrics };
  // Not by the grant's label as well, for what gives rights: what carries the one and not the other has to be in either reader.
  const ofGrants = { ...common, labelSelector: `${MANAGED_BY_LABEL}=${MANAGED_BY}` };
  const ofOthers = { ...common, labelSelector: `${MANAGED_BY_LABEL}!=${MANAGED_BY}` };
  return {
    grants: createReader({
      ...common,
      resource: taskGrants,
      transform: slimGrant,
      indexers: {
        class: ({ spec }: TaskGrant) => (spec.className === undefined ? [] : [spec.className]),
        namespace: ({ metadata }: TaskGrant) => [metadata.namespace],
      },
    }),
    classes: createReader({ ...common, resource: taskGrantClasses }),
    namespaces: createReader({ ...common, resource: namespaces, transform: slimNamespace }),
    pods: createReader({
      ...common,
      resource: pods,
      transform: slimPod,
      labelSelector: GRANT_LABEL,
      indexers: { grant: grantKeyOfPod },
    }),
    serviceAccounts: createReader({
      ...common,
      labelSelector: `${MANAGED_BY_LABEL}=${MANAGED_BY},${GRANT_LABEL}`,
      resource: serviceAccounts,
      transform: (account) => slimServiceAccount(account, externalKeys),
      indexers: { grant: grantKeyOfIssued },
    }),
    roles: createReader({
      ...ofGrants,
      resource: roles,
      transform: slimRole,
      indexers: { grant: grantKeyOfIssued, ...roleIndexers },
    }),
    roleBindings: createReader({
      ...ofGrants,
      resource: roleBindings,
      transform: slimRoleBinding,
      indexers: { grant: grantKeyOfIssued, ...bindingIndexers },
    }),
    rolesOfOthers: createReader({
      ...ofOthers,
      resource: roles,
      name: 'roles-of-others',
      transform: slimRoleOfOthers,
      indexers: roleIndexers,
    }),
    roleBindingsOfOthers: createReader({
      ...ofOthers,
      resource: roleBindings,
      name: 'rolebindings-of-others',
      transform: slimRoleBinding,
      indexers: bindingIndexers,
    }),
    clusterRoles: createReader({
      ...common,
      resource: clusterRoles,
      transform: slimRoleOfOthers,
      indexers: roleIndexers,
    }),
    clusterRoleBindings: createReader({
      ...common,
      resource: clusterRoleBindings,
      transform: slimRoleBinding,
      indexers: bindingIndexers,
    }),
  };
}

export const roleIndexers = {
  reaching: ({ metadata, rules }: Role | ClusterRole) =>
    reachOf(rules ?? []) ? [metadata.namespace ?? ''] : [],
};

/** One that is as a grant's own is found by its grant: tens of thousands of them need no index more. */
export const bindingIndexers = {
  subject: (binding: RoleBinding | ClusterRoleBinding) => (isAsIssued(binding) ? [] : subjectKeysOf(binding)),
  role: (binding: RoleBinding | ClusterRoleBinding) =>
    isAsIssued(binding) ? [] : [`${binding.metadata.namespace ?? ''} ${roleKeyOf(binding)}`],
};

/** Whether it binds, in the place of a grant's binding, the Role that stands there to an account of that grant, and nothing else. */
export function isAsIssued(binding: RoleBinding | ClusterRoleBinding): boolean {
  if (grantKeyOfIssued(binding).length === 0) return false;
  const { metadata, roleRef, subjects = [] } = binding;
  const { [GRANT_NAMESPACE_LABEL]: namespace = '', [GRANT_LABEL]: grant = '' } = metadata.labels ?? {};
  const [subject, ...more] = subjects;
  return (
    more.length === 0 &&
    roleRef.kind === 'Role' &&
    roleRef.name === metadata.name &&
    subject?.kind === 'ServiceAccount' &&
    isPlacedFor({ ...subject, namespace: subject.namespace ?? '' }, { namespace, name: grant })
  );
}

/**
 * Who the object is, whose, and whether it is going. Nothing else, whatever there is: labels and finalizers can be hundreds of
 * thousands on an object of anybody's, and all of them would be in memory.
 */
function slimMetadata<Meta extends StoredMeta>({ metadata }: { metadata: Meta }): Meta {
  const kept = pick<StoredMeta, keyof StoredMeta>(metadata, ...KEPT_METADATA) as Meta;
  // Each once: nothing keeps anybody from writing one of them a hundred thousand times.
  const waitsFor = COLLECTORS_FINALIZERS.filter((name) => metadata.finalizers?.includes(name));
  return {
    ...kept,
    ...(metadata.labels && { labels: pick(metadata.labels, ...KEPT_LABELS) }),
    ...(waitsFor.length > 0 && { finalizers: waitsFor }),
  };
}

const KEPT_METADATA = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
] as const;

const KEPT_LABELS = [
  GRANT_LABEL,
  GRANT_NAMESPACE_LABEL,
  GRANT_UID_LABEL,
  MANAGED_BY_LABEL,
  ENFORCE_LABEL,
] as const;

/**
 * Of a finished grant, what its removal needs: there are many of them, and their receipts are the API server's to keep. Of one that
 * is active, who asked for it and why is not: both were decided on, and nothing asks for them again.
 */
export function slimGrant(grant: Stored<TaskGrant>): Stored<TaskGrant> {
  const { apiVersion, kind, spec, status } = grant;
  const { finalizers } = grant.metadata;
  const metadata = { ...slimMetadata(grant), ...(finalizers && { finalizers: fewOf(finalizers) }) };
  if (status?.phase === 'Active' || status?.phase === 'Revoking') {
    return { ...grant, metadata, spec: { ...withoutRequester(spec), task: { intent: '' } } };
  }
  if (!status || !isFinal(status.phase)) return { ...grant, metadata };
  return {
    apiVersion,
    kind,
    metadata,
    spec: {
      ...pick(
        spec,
        'className',
        'completion',
        'duration',
        'ttlAfterFinished',
        'onDrift',
        'suspend',
        'revoke',
      ),
      task: { intent: '' },
      workload: { ...spec.workload, images: [] },
      envelope: {},
    },
    status: pick(status, 'phase', 'finishedAt', 'serviceAccountName'),
  };
}

/**
 * All of a grant's finalizers, where they are as many as admission lets through. Of more, which came while nobody was asked, the product's
 * own and others, one more than admission lets through: by that it is known that they are not all, and whoever writes them reads them
 * first. A name has at most 317 characters (k8s.io/apimachinery, validation, IsQualifiedName).
 */
function fewOf(finalizers: string[]): string[] {
  if (finalizers.length <= MOST_FINALIZERS) return finalizers;
  const own = finalizers.includes(FINALIZER) ? [FINALIZER] : [];
  const others = finalizers.filter((name) => name !== FINALIZER);
  return [...own, ...others].slice(0, MOST_FINALIZERS + 1);
}

/** With all of its labels: classes select by any of them. Who may write these is trusted with what goes by them everywhere. */
export function slimNamespace(namespace: Stored<Namespace>): Stored<Namespace> {
  const { apiVersion, kind, metadata } = namespace;
  return { apiVersion, kind, metadata: { ...slimMetadata(namespace), ...pick(metadata, 'labels') } };
}

/** What is recorded of a pod in the status of its grant. */
export function slimPod(pod: Stored<Pod>): Stored<Pod> {
  const { apiVersion, kind, spec, status } = pod;
  const metadata = slimMetadata(pod);
  return {
    apiVersion,
    kind,
    metadata,
    ...(spec && {
      spec: {
        ...pick(spec, 'serviceAccountName', 'nodeName', 'terminationGracePeriodSeconds'),
        containers: [],
      },
    }),
    ...(status && {
      status: {
        ...pick(status, 'phase'),
        initContainerStatuses: imagesOf(status.initContainerStatuses),
        containerStatuses: imagesOf(status.containerStatuses),
      },
    }),
  };
}

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

function imagesOf(statuses: readonly ContainerStatus[] = []): ContainerStatus[] {
  return statuses.map(({ imageID }) => ({ name: '', image: '', imageID, ready: false, restartCount: 0 }));
}

/** Of what others have put on it, enough to see that it is there. */
export function slimServiceAccount(
  account: Stored<ServiceAccount>,
  externalKeys: readonly ExternalKey[],
): Stored<ServiceAccount> {
  const { apiVersion, kind, secrets = [], imagePullSecrets = [] } = account;
  const annotations = Object.entries(annotationsOfIdentity(account.metadata.annotations, externalKeys))
    .slice(0, MOST_ANNOTATIONS)
    .map(([key, value]) => [key, value.slice(0, MOST_CHARACTERS)] as const);
  return {
    apiVersion,
    kind,
    metadata: {
      ...slimMetadata(account),
      ...(annotations.length > 0 && { annotations: Object.fromEntries(annotations) }),
    },
    ...pick(account, 'automountServiceAccountToken'),
    ...(secrets.length > 0 && { secrets: [{}] }),
    ...(imagePullSecrets.length > 0 && { imagePullSecrets: [{}] }),
  };
}

/**
 * One more than a grant can say of each (spec.envelope.externalIdentity; a character is at most two of UTF-16): whatever was cut is
 * different from what was issued.
 */
const [MOST_ANNOTATIONS, MOST_CHARACTERS] = [33, 2049];

/** Of one in a grant's place, everything that could have been changed. */
export function slimRole(role: Stored<Role>): Stored<Role> {
  if (grantKeyOfIssued(role).length === 0) return slimRoleOfOthers(role);
  const { apiVersion, kind } = role;
  return { apiVersion, kind, metadata: slimMetadata(role), ...pick(role, 'rules') };
}

/** Of a role of others, what its rules lead to is asked, and neither how they are written nor on which objects. */
export function slimRoleOfOthers<T extends Role | ClusterRole>(role: Stored<T>): Stored<T> {
  const { apiVersion, kind, metadata } = role;
  // Without any, a ClusterRole has null there.
  const rules = (role.rules as PolicyRule[] | null | undefined) ?? [];
  const most = metadata.namespace === undefined ? MOST_RIGHTS.ClusterRole : MOST_RIGHTS.Role;
  return { apiVersion, kind, metadata: slimMetadata(role), rules: compacted(rules, most) } as Stored<T>;
}

export function slimRoleBinding<T extends RoleBinding | ClusterRoleBinding>(binding: Stored<T>): Stored<T> {
  const { apiVersion, kind, roleRef } = binding;
  return {
    apiVersion,
    kind,
    metadata: slimMetadata(binding),
    roleRef,
    subjects: subjectsThatCount(binding),
  } as Stored<T>;
}

/** These of an object's fields, as far as they are there. */
function pick<T extends object, Key extends keyof T>(object: T, ...keys: readonly Key[]): Pick<T, Key> {
  return Object.fromEntries(
    keys.filter((key) => object[key] !== undefined).map((key) => [key, object[key]]),
  ) as Pick<T, Key>;
}
