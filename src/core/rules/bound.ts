/** What bindings give to whom (rbac/v1, RoleBinding and ClusterRoleBinding). */
import { SERVICE_ACCOUNT_PREFIX } from '../../api/group.ts';
import type { ClusterRoleBinding, RoleBinding, Subject } from '../../api/kubernetes.ts';
import { compare } from '../compare.ts';
import { quoted } from '../decision/denial.ts';
import { usernameOf } from '../names.ts';
import type { ScopedRule } from './right.ts';

export type Binding = RoleBinding | ClusterRoleBinding;

/** What one binding gives, and where. */
export interface BoundRules {
  /** Which binding: see {@link renderBinding}. */
  by: string;
  /** Where a RoleBinding stands, its rules hold, and nowhere else. */
  namespace?: string;
  /** Those of the role, as they are: the same object for all bindings of the role, which is rated once for all of them. */
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

/** Whom anybody names in one binding can be tens of thousands: as many are told of and counted. */
export const MOST_SUBJECTS = 64;

/** And as many are kept of those that can be a grant’s account, or one of its groups. */
export const MOST_GIVEN = 256;

/** Whom a binding names who names more: every account that there is. */
const EVERYBODY: Subject = { kind: 'Group', name: 'system:serviceaccounts' };

/** As many letters as are kept of a name: more than a service account’s can have, with its namespace (253 and 63). */
const MOST_LETTERS = 512;

/**
 * The first that are named, which are told of; and all that can be a grant’s account, each once, however they are written. Where these are
 * too many, some of them, and everybody besides: what the binding gives is told of too often then, and never too little.
 */
export function subjectsThatCount({
  metadata,
  subjects = [],
}: Pick<Binding, 'metadata' | 'subjects'>): Subject[] {
  const byKey = new Map<string, Subject>();
  for (const subject of subjects)
    for (const key of subjectKeysOf({ metadata, subjects: [subject] }))
      if (!byKey.has(key)) byKey.set(key, subject);
  // The one group that no binding may name in its own namespace (src/core/floor/subjects.ts) is never among those that are left out.
  const itsOwn = groupKeyOf(metadata.namespace ?? '');
  // Everybody stands for other groups as well. Accounts that are left out end no grant.
  const rank = (key: string) => (key === itsOwn ? 2 : Number(key.startsWith('User ')));
  const given = [...byKey]
    .sort(([a], [b]) => rank(b) - rank(a) || compare(a, b))
    .map(([, subject]) => subject);
  const kept = given.length > MOST_GIVEN ? [...given.slice(0, MOST_GIVEN), EVERYBODY] : given;
  return [...new Set([...subjects.slice(0, MOST_SUBJECTS), ...kept])].map(withShortNames);
}

/** Kubernetes looks at the length of neither (pkg/apis/rbac/validation, ValidateRoleBindingSubject). */
function withShortNames(subject: Subject): Subject {
  const { name, namespace = '' } = subject;
  if (name.length <= MOST_LETTERS && namespace.length <= MOST_LETTERS) return subject;
  return {
    ...subject,
    name: cut(name),
    ...(subject.namespace !== undefined && { namespace: cut(namespace) }),
  };
}

/** Copied: a slice of a string keeps all of it in memory. */
function cut(text: string): string {
  return structuredClone(text.slice(0, MOST_LETTERS));
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
export function boundRules(binding: Pick<Binding, 'metadata'>, rules: readonly ScopedRule[]): BoundRules {
  const { namespace } = binding.metadata;
  return { by: renderBinding(binding), ...(namespace !== undefined && { namespace }), rules };
}

/** `ClusterRoleBinding everybody-reads`, `RoleBinding support/helpers`. Names of RBAC are no DNS names: they may have anything in them. */
export function renderBinding({ metadata: { namespace, name = '' } }: Pick<Binding, 'metadata'>): string {
  return quoted(namespace === undefined ? `ClusterRoleBinding ${name}` : `RoleBinding ${namespace}/${name}`);
}
