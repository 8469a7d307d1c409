/** Who may act as a service account besides the pods that run as it: by impersonation, or with tokens that they ask for. */
import type { Subject } from '../../api/kubernetes.ts';
import { SERVICE_ACCOUNT_PREFIX } from '../../api/group.ts';
import { quoted } from '../decision/denial.ts';
import { NODE_GROUP, NODE_USER_PREFIX } from '../names.ts';
import type { RightPattern } from './danger.ts';
import { renderBinding, type Binding } from './bound.ts';
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

/** Which service accounts the rules let their holder act as that they do not run as: see {@link Actors}. */
export type Reach = Pick<Actors, 'names'>;

/** They are kept for each binding of the role. Where a role names more, it counts as reaching every account. */
const MOST_NAMES = 64;

/** Undefined where the rules let their holder act as none that can be a grant’s. */
export function reachOf(rules: readonly ScopedRule[]): Reach | undefined {
  const reaching = rules.filter((rule) => REACHES.some((pattern) => !foundIn(rule, pattern).next().done));
  if (reaching.some(({ resourceNames = [] }) => resourceNames.length === 0)) return {};
  const named = reaching
    .flatMap(({ resourceNames = [] }) => resourceNames)
    .filter((name) => name.startsWith(SERVICE_ACCOUNT_PREFIX));
  const names = [...new Set(named)];
  if (names.length > MOST_NAMES) return {};
  return names.length > 0 ? { names } : undefined;
}

/**
 * Whom the binding lets act as accounts, but for those who are the control plane and can anyway; undefined where that is nobody.
 *
 * @param reach that of the role: of a role that is bound a thousand times, it is worked out once
 */
export function actorsOf(binding: Pick<Binding, 'metadata' | 'subjects'>, reach: Reach): Actors | undefined {
  const { metadata, subjects = [] } = binding;
  const others = subjects.filter((subject) => !isControlPlane(subject));
  if (others.length === 0) return undefined;
  return {
    by: renderBinding(binding),
    subjects: others.map((subject) => renderSubject(subject, metadata.namespace)),
    ...reach,
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
  // Whoever writes a binding writes what they like there.
  return quoted(
    kind === 'ServiceAccount' ? `${kind} ${namespace ?? ofBinding ?? ''}/${name}` : `${kind} ${name}`,
  );
}
