/** What bindings give to whom (rbac/v1, RoleBinding and ClusterRoleBinding). */
import { SERVICE_ACCOUNT_PREFIX } from '../../api/group.ts';
import type { ClusterRoleBinding, RoleBinding, Subject } from '../../api/kubernetes.ts';
import { usernameOf } from '../names.ts';
import type { ScopedRule } from './right.ts';

export type Binding = RoleBinding | ClusterRoleBinding;

/** The rules of one binding, where it gives them. */
export interface BoundRules {
  /** Which binding: `ClusterRoleBinding everybody-reads`, `RoleBinding support/helpers`. */
  by: string;
  rules: readonly ScopedRule[];
}

interface Account {
  namespace: string;
  name: string;
}

/** As {@link subjectKeysOf} calls those that every service account is among (k8s.io/apiserver, serviceaccount.MakeGroupNames). */
export const GROUP_KEYS = ['Group system:authenticated', 'Group system:serviceaccounts'] as const;

/** And those of one namespace. */
export function groupKeyOf(namespace: string): string {
  return `Group system:serviceaccounts:${namespace}`;
}

/** As {@link subjectKeysOf} calls the account itself. */
export function accountKeyOf(account: Account): string {
  return `User ${usernameOf(account)}`;
}

/**
 * Whom the binding gives its rights, as far as it can be a grant's account: by a group that it is in, or by name. An account is also a
 * user (kubernetes, plugin/pkg/auth/authorizer/rbac, appliesToUser), and both ways of writing it have one key.
 */
export function subjectKeysOf({ metadata, subjects = [] }: Pick<Binding, 'metadata' | 'subjects'>): string[] {
  const keys = subjects.flatMap((subject) => {
    const account = accountOf(subject, metadata.namespace);
    if (account) return account.name.startsWith(SERVICE_ACCOUNT_PREFIX) ? [accountKeyOf(account)] : [];
    const { kind, name } = subject;
    if (kind !== 'Group') return [];
    return name === 'system:authenticated' || /^system:serviceaccounts(:.+)?$/.test(name)
      ? [`Group ${name}`]
      : [];
  });
  return [...new Set(keys)];
}

/** Whom anybody names in one binding can be tens of thousands. */
export const MOST_SUBJECTS = 64;

/** Those that can be a grant’s account, and of the others as many as are told of and counted. */
export function subjectsThatCount({
  metadata,
  subjects = [],
}: Pick<Binding, 'metadata' | 'subjects'>): Subject[] {
  return subjects.filter(
    (subject, index) => index < MOST_SUBJECTS || subjectKeysOf({ metadata, subjects: [subject] }).length > 0,
  );
}

/** The service account that a subject is; of a RoleBinding’s own namespace, where none is named. */
export function accountOf(
  { kind, name, namespace }: Subject,
  ofBinding: string | undefined,
): Account | undefined {
  if (kind === 'ServiceAccount') return { namespace: namespace ?? ofBinding ?? '', name };
  const [, place, account] =
    /^system:serviceaccount:([^:]+):([^:]+)$/.exec(kind === 'User' ? name : '') ?? [];
  return place !== undefined && account !== undefined ? { namespace: place, name: account } : undefined;
}

/** Where the role stands that is bound: `ClusterRole view`, `Role support/helpers`. */
export function roleKeyOf({ metadata, roleRef }: Pick<Binding, 'metadata' | 'roleRef'>): string {
  return roleRef.kind === 'Role'
    ? `Role ${metadata.namespace ?? ''}/${roleRef.name}`
    : `ClusterRole ${roleRef.name}`;
}

/** @param rules those of the role that it names */
export function boundRules(
  { metadata }: Pick<Binding, 'metadata'>,
  rules: readonly ScopedRule[],
): BoundRules {
  const { namespace, name = '' } = metadata;
  if (namespace === undefined) return { by: `ClusterRoleBinding ${name}`, rules };
  return {
    by: `RoleBinding ${namespace}/${name}`,
    rules: rules.map((rule) => ({ ...rule, namespaces: [namespace] })),
  };
}
