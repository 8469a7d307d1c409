/** What is made for a grant: one service account, and in each namespace of its envelope one Role and one RoleBinding. */
import canonicalize from 'canonicalize';
import {
  GRANT_LABEL,
  GRANT_NAMESPACE_LABEL,
  GRANT_UID_LABEL,
  MANAGED_BY,
  MANAGED_BY_LABEL,
} from '../../api/group.ts';
import type {
  PolicyRule,
  Role,
  RoleBinding,
  ServiceAccount,
  Stored,
  StoredMeta,
} from '../../api/kubernetes.ts';
import type { InventoryItem, TaskGrant } from '../../api/taskgrant.ts';
import { annotationsOfIdentity, type ExternalKey } from '../identity/external-identity.ts';
import { roleNameFor } from '../names.ts';
import { RBAC_GROUP } from '../rules/right.ts';

export type IssuedObject =
  | (ServiceAccount & { kind: 'ServiceAccount' })
  | (Role & { kind: 'Role' })
  | (RoleBinding & { kind: 'RoleBinding' });

/** An object made for a grant, as it stands in the API server. */
export type FoundObject = Stored<IssuedObject>;

/**
 * Everything that has to exist while the grant is active: its account, then Roles, then what binds them. Nothing before the
 * account has a name.
 */
export function issuedFor(
  grant: Stored<TaskGrant>,
  accountName: string | undefined = grant.status?.serviceAccountName,
): IssuedObject[] {
  if (accountName === undefined) return [];
  const account = serviceAccountFor(grant, accountName);
  const rulesByNamespace = rulesOf(grant);
  const roles = [...rulesByNamespace].map(([namespace, rules]) => roleFor(grant, namespace, rules));
  const bindings = [...rulesByNamespace.keys()].map((namespace) =>
    roleBindingFor(grant, namespace, accountName),
  );
  return [account, ...roles, ...bindings];
}

/** The object as it stands in status.inventory; without a UID while it is only planned. */
export function inventoryItemOf(object: IssuedObject): InventoryItem {
  const { name = '', namespace = '', uid } = object.metadata;
  return { kind: object.kind, namespace, name, ...(uid !== undefined && { uid }) };
}

/** Whether both name the same object; their UIDs may differ. */
export function sameName(a: InventoryItem, b: InventoryItem): boolean {
  return a.kind === b.kind && a.namespace === b.namespace && a.name === b.name;
}

/** Whether an object was made for just this grant: by UID, since a name says nothing of who made it. */
export function isIssuedFor(
  grant: Stored<TaskGrant>,
  object: { metadata: IssuedObject['metadata'] },
): boolean {
  return object.metadata.labels?.[GRANT_UID_LABEL] === grant.metadata.uid;
}

/**
 * The garbage collector's: by these a deletion waits for the dependents that the object has, or that somebody has made up for it
 * (k8s.io/apimachinery, FinalizerDeleteDependents and FinalizerOrphanDependents). A deletion in the background takes them off.
 */
export const COLLECTORS_FINALIZERS: readonly string[] = ['foregroundDeletion', 'orphan'];

/** Whether it goes without another word: a deletion that waits for dependents may never end. */
export function isGoing({ metadata }: { metadata: StoredMeta }): boolean {
  const waits = metadata.finalizers?.some((name) => COLLECTORS_FINALIZERS.includes(name)) ?? false;
  return metadata.deletionTimestamp !== undefined && !waits;
}

/**
 * What differs between an object as it was issued and as it was found, in words; nothing where it still says the
 * same. What rights depend on counts, and every label that it was issued with: by them it is watched, and without one it
 * would be out of sight. Labels of others, managed fields and the like are theirs.
 *
 * @param externalKeys by what other identity systems know accounts, besides those that are known anyway
 */
export function driftOf(
  issued: IssuedObject,
  found: FoundObject,
  externalKeys: readonly ExternalKey[],
): string | undefined {
  const name = `${found.kind} ${found.metadata.namespace ?? ''}/${found.metadata.name}`;
  // Somebody's finalizer may keep it for long; but it is on its way, and cannot be relied on any more.
  if (found.metadata.deletionTimestamp !== undefined) return `${name} is being deleted`;
  for (const [label, value] of Object.entries(issued.metadata.labels ?? {})) {
    if (found.metadata.labels?.[label] !== value) return `${name} does not carry the label ${label}=${value}`;
  }
  if (issued.kind === 'ServiceAccount' && found.kind === 'ServiceAccount') {
    const difference = accountDrift(issued, found, externalKeys);
    return difference && `${name} ${difference}`;
  }
  if (issued.kind === 'Role' && found.kind === 'Role') {
    return same(issued.rules, found.rules) ? undefined : `${name} has other rules`;
  }
  if (issued.kind === 'RoleBinding' && found.kind === 'RoleBinding') {
    if (!same(issued.roleRef, found.roleRef)) return `${name} binds another role`;
    return same(issued.subjects, found.subjects) ? undefined : `${name} has other subjects`;
  }
  return `${name} is not a ${issued.kind}`;
}

/**
 * What is copied into the pods of the account (pull secrets), what may be mounted into them or once kept its tokens (Secrets), and
 * by what other systems know it.
 */
function accountDrift(
  issued: ServiceAccount,
  found: ServiceAccount,
  externalKeys: readonly ExternalKey[],
): string | undefined {
  if (found.automountServiceAccountToken !== false) return 'mounts its token by itself';
  if ((found.imagePullSecrets ?? []).length > 0) return 'has pull secrets';
  if ((found.secrets ?? []).length > 0) return 'has Secrets';
  const [said, says] = [issued, found].map(({ metadata }) =>
    annotationsOfIdentity(metadata.annotations, externalKeys),
  );
  return same(said, says) ? undefined : 'has other annotations by which other identity systems know it';
}

function same(a: unknown, b: unknown): boolean {
  return canonicalize(a ?? null) === canonicalize(b ?? null);
}

/** With everything that the envelope says to other identity systems: those that go by the account look for it there. */
function serviceAccountFor(grant: Stored<TaskGrant>, name: string) {
  const { externalIdentity } = grant.spec.envelope;
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name,
      namespace: grant.metadata.namespace,
      labels: labelsOf(grant),
      ...(externalIdentity && { annotations: externalIdentity }),
    },
    // A token is mounted where the envelope says so, by projection, and never by default.
    automountServiceAccountToken: false,
  } satisfies IssuedObject;
}

function roleFor(grant: Stored<TaskGrant>, namespace: string, rules: PolicyRule[]) {
  return {
    apiVersion: `${RBAC_GROUP}/v1`,
    kind: 'Role',
    metadata: { name: roleNameFor(grant.metadata), namespace, labels: labelsOf(grant) },
    rules,
  } satisfies IssuedObject;
}

function roleBindingFor(grant: Stored<TaskGrant>, namespace: string, serviceAccountName: string) {
  return {
    apiVersion: `${RBAC_GROUP}/v1`,
    kind: 'RoleBinding',
    metadata: { name: roleNameFor(grant.metadata), namespace, labels: labelsOf(grant) },
    roleRef: { apiGroup: RBAC_GROUP, kind: 'Role', name: roleNameFor(grant.metadata) },
    subjects: [{ kind: 'ServiceAccount', name: serviceAccountName, namespace: grant.metadata.namespace }],
  } satisfies IssuedObject;
}

function labelsOf(grant: Stored<TaskGrant>): Record<string, string> {
  return {
    [MANAGED_BY_LABEL]: MANAGED_BY,
    [GRANT_LABEL]: grant.metadata.name,
    [GRANT_NAMESPACE_LABEL]: grant.metadata.namespace,
    [GRANT_UID_LABEL]: grant.metadata.uid,
  };
}

/** The envelope's rules by the namespace in which they hold. */
function rulesOf(grant: Stored<TaskGrant>): Map<string, PolicyRule[]> {
  const byNamespace = new Map<string, PolicyRule[]>();
  for (const { namespaces, apiGroups, resources, resourceNames, verbs } of grant.spec.envelope.kubernetes ??
    []) {
    for (const namespace of namespaces ?? [grant.metadata.namespace]) {
      const rules = byNamespace.get(namespace) ?? [];
      rules.push({ apiGroups, resources, ...(resourceNames && { resourceNames }), verbs });
      byNamespace.set(namespace, rules);
    }
  }
  return byNamespace;
}
