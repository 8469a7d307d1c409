/**
 * What is asked for in the name of a grant's account while it runs, a token or a certificate: each is a new decision, whoever asks and
 * whenever. What the kubelet asks for was judged with the pod; but the grant may have ended since, and whoever has the right to create
 * such requests can ask for anything.
 */
import { isLevel, LEVELS } from '../../api/group.ts';
import type { Pod, Stored, UserInfo } from '../../api/kubernetes.ts';
import type { TaskGrant } from '../../api/taskgrant.ts';
import type { ViolationCode } from '../decision/codes.ts';
import type { Violation } from '../decision/violation.ts';
import { recordPods } from '../lifecycle/pods.ts';
import { isNode } from '../names.ts';
import { grantIsActive, grantIsNotExpired } from './grant-in-force.ts';
import { grantNameOf } from './judge-pod.ts';

export interface Issue {
  /** For which account. */
  account: { namespace: string; name: string };
  /** Who asks, as the API server says. */
  user: UserInfo;
  /** The grant whose account it is, by its name, where there is one. */
  grant: Stored<TaskGrant> | undefined;
  /** The pod that it is to be for, where there is one. */
  pod: Stored<Pod> | undefined;
  /** What else is known to run, or to have run, as the account. */
  podsOfAccount: readonly Stored<Pod>[];
  /** The value of the namespace's label, where it has one. */
  level: string | undefined;
  /** All of its labels, by which conditions of the grant are judged; undefined where they are not known. */
  namespaceLabels: Readonly<Record<string, string>> | undefined;
  apiAudiences: readonly string[];
  /** Milliseconds since the epoch. */
  now: number;
}

export type IssueUnderGrant<What extends Issue = Issue> = What & { grant: Stored<TaskGrant> };

/** Where in the request its parts stand, and how it is called. */
export interface IssueWords {
  /** Of the account, whose name says whose it is: a request has no label. */
  account: string;
  pod: string;
  /** `a token`, `a certificate`. */
  what: string;
  /** The codes of what is for no pod of the grant, and of what another asks for than the pod's node. */
  notForPod: ViolationCode;
  notByNode: ViolationCode;
}

/**
 * Everything that is wrong with asking for anything now.
 *
 * @param ofIt what is wrong with the very thing, where the account is the grant's
 */
export function judgeIssue<What extends Issue>(
  issue: What,
  words: IssueWords,
  ofIt: (issue: IssueUnderGrant<What>) => readonly Violation[],
): Violation[] {
  const { account, grant, level, now, apiAudiences } = issue;
  if (grant?.status?.serviceAccountName !== account.name) return [accountWithoutGrant(issue, words)];
  const facts = { grant, apiAudiences, podsUsed: 0, now };
  const inForce = [...grantIsActive(facts), ...grantIsNotExpired(facts)];
  return [
    ...inForce.map((violation) => ({ ...violation, path: words.account })),
    ...namespaceIsEnforced(level, account.namespace),
    ...ofIt({ ...issue, grant }),
  ];
}

function accountWithoutGrant({ account, grant }: Issue, words: IssueWords): Violation {
  return {
    code: 'AccountWithoutGrant',
    path: words.account,
    asked: account.name,
    allowed: grant?.status?.serviceAccountName ?? 'no grant with such an account',
    fix: 'use a service account of another name, or create a TaskGrant',
  };
}

function namespaceIsEnforced(level: string | undefined, namespace: string): Violation[] {
  if (isLevel(level)) return [];
  return [
    {
      code: 'NamespaceNotEnforced',
      path: 'metadata.namespace',
      asked: `${namespace}, whose label taskgrant.dev/enforce is ${level ?? 'not there'}`,
      allowed: LEVELS.join(', '),
      fix: `kubectl label --overwrite namespace ${namespace} taskgrant.dev/enforce=granted`,
    },
  ];
}

/**
 * It is for a pod that runs under the grant, is not one too many, and whose own node asks.
 *
 * @param named what the request says of the pod
 */
export function forItsPod(
  { account, user, grant, pod, podsOfAccount, now }: IssueUnderGrant,
  named: { name: string; uid: string },
  words: IssueWords,
): Violation[] {
  const { name, uid } = named;
  if (pod?.metadata.uid !== uid)
    return [notForPod(`${words.what} for pod ${name}, which is not there`, { grant, account }, words)];
  const isOfGrant = grantNameOf(pod) === grant.metadata.name && pod.spec?.serviceAccountName === account.name;
  if (!isOfGrant)
    return [
      notForPod(`${words.what} for pod ${name}, which is not under the grant`, { grant, account }, words),
    ];
  return [
    ...notFinished(pod, words),
    ...withinTheNumber(pod, podsOfAccount, grant, now, words),
    ...askedByItsNode(pod, user, words),
  ];
}

export function notForPod(
  asked: string,
  { grant, account }: Pick<IssueUnderGrant, 'grant' | 'account'>,
  words: IssueWords,
): Violation {
  return {
    code: words.notForPod,
    path: words.pod,
    asked,
    allowed: `pods of ${grant.metadata.name} as ${account.name}, by name and UID`,
    fix: 'let the kubelet ask, for a pod under the grant',
  };
}

function notFinished({ metadata, status }: Stored<Pod>, words: IssueWords): Violation[] {
  const phase = status?.phase;
  if (phase !== 'Succeeded' && phase !== 'Failed') return [];
  return [
    {
      code: 'PodFinished',
      path: words.pod,
      asked: `pod ${metadata.name}, which has ${phase}`,
      allowed: 'Pending or Running',
      fix: 'create a new pod',
    },
  ];
}

/** Of two that slipped in at once, the later one is on its way out; until then it gets nothing. */
function withinTheNumber(
  pod: Stored<Pod>,
  others: readonly Stored<Pod>[],
  { spec, status }: Stored<TaskGrant>,
  now: number,
  words: IssueWords,
): Violation[] {
  const { maxPods } = spec.workload;
  const { uid, name } = pod.metadata;
  const observed = [...others.filter(({ metadata }) => metadata.uid !== uid), pod];
  const { overBudget } = recordPods(status?.pods ?? [], observed, maxPods, new Date(now).toISOString());
  if (!overBudget.some(({ metadata }) => metadata.uid === uid)) return [];
  return [
    {
      code: 'PodsUsedUp',
      path: words.pod,
      asked: `pod ${name}, one more`,
      allowed: maxPods === 1 ? '1 pod' : `${maxPods} pods`,
      fix: 'create a new TaskGrant, with a larger spec.workload.maxPods where the task needs retries',
    },
  ];
}

function askedByItsNode({ metadata, spec }: Stored<Pod>, user: UserInfo, words: IssueWords): Violation[] {
  const node = spec?.nodeName;
  if (node !== undefined && isNode(node, user)) return [];
  return [
    {
      code: words.notByNode,
      path: words.pod,
      asked: `pod ${metadata.name} by ${user.username ?? ''}`,
      allowed: node === undefined ? 'a pod that a node has' : `node ${node} only`,
      fix: 'run what needs the identity as a pod under the grant',
    },
  ];
}
