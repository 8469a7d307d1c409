/** Who may act as a service account besides the pods that run as it: by impersonation, or with tokens that they ask for. */
import type { Subject } from '../../api/kubernetes.ts';
import { SERVICE_ACCOUNT_PREFIX } from '../../api/group.ts';
import { NODE_GROUP, NODE_USER_PREFIX } from '../names.ts';
import type { RightPattern } from './danger.ts';
import type { Binding, BoundRules } from './bound.ts';
import { foundIn } from './pattern.ts';
import type { ScopedRule } from './right.ts';

/** Subjects of one binding whose rules reach the accounts of a namespace. */
export interface Actors {
  /** Which binding: see {@link BoundRules}. */
  by: string;
  /** As text: `User jane`, `Group devs`, `ServiceAccount ci/deployer`. */
  subjects: readonly string[];
  /** Only the accounts of these names; all where undefined. */
  names?: readonly string[];
}

/** One verb or the other is enough. A half of constrained impersonation (KEP-5284) counts as well: who has one mostly has the other. */
const REACHES: readonly RightPattern[] = [
  { apiGroup: '', resources: ['serviceaccounts'], verbs: ['impersonate*'] },
  { apiGroup: 'authentication.k8s.io', resources: ['serviceaccounts'], verbs: ['impersonate*'] },
  { apiGroup: '', resources: ['serviceaccounts/token'], verbs: ['create'] },
];

/** Whether the rules let their holder act as service accounts that they do not run as, grants’ ones among them. */
export function reachAccounts(rules: readonly ScopedRule[]): boolean {
  return namesReached(rules)?.length !== 0;
}

/** By the names of accounts; undefined where it is all of them. The names are those that can be a grant’s. */
function namesReached(rules: readonly ScopedRule[]): readonly string[] | undefined {
  const reaching = rules.filter((rule) => REACHES.some((pattern) => !foundIn(rule, pattern).next().done));
  if (reaching.some(({ resourceNames = [] }) => resourceNames.length === 0)) return undefined;
  return reaching
    .flatMap(({ resourceNames = [] }) => resourceNames)
    .filter((name) => name.startsWith(SERVICE_ACCOUNT_PREFIX));
}

/** Of the names in a rule: whether there are any, whether it is for requests without one, and those that can be a grant’s account. */
export function namesThatCount(names: readonly string[]): string[] {
  return names.filter((name, index) => index === 0 || name === '' || name.startsWith(SERVICE_ACCOUNT_PREFIX));
}

/** Whom the binding lets act as accounts, but for those who are the control plane and can anyway; undefined where that is nobody. */
export function actorsOf(
  { metadata, subjects = [] }: Pick<Binding, 'metadata' | 'subjects'>,
  { by, rules }: BoundRules,
): Actors | undefined {
  const names = namesReached(rules);
  const others = subjects.filter((subject) => !isControlPlane(subject));
  if (names?.length === 0 || others.length === 0) return undefined;
  return {
    by,
    subjects: others.map((subject) => renderSubject(subject, metadata.namespace)),
    ...(names && { names }),
  };
}

/**
 * No authorizer asks system:masters. Kubelets ask for tokens of their own pods only (NodeRestriction), and the controller manager
 * makes those of controllers: whoever is one of these has the cluster.
 */
function isControlPlane({ kind, name }: Subject): boolean {
  if (kind === 'Group') return name === 'system:masters' || name === NODE_GROUP;
  return kind === 'User' && (name === 'system:kube-controller-manager' || name.startsWith(NODE_USER_PREFIX));
}

function renderSubject({ kind, name, namespace }: Subject, ofBinding: string | undefined): string {
  return kind === 'ServiceAccount' ? `${kind} ${namespace ?? ofBinding ?? ''}/${name}` : `${kind} ${name}`;
}
