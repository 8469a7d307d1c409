/** A token that is asked for, for the account of a grant: each mint is a new decision, whoever asks and whenever. */
import { EXTENDED_TOKEN_SECONDS, MIN_TOKEN_SECONDS } from '../../api/taskgrant.ts';
import { isLevel, LEVELS } from '../../api/group.ts';
import type { Pod, Stored, TokenRequestSpec, UserInfo } from '../../api/kubernetes.ts';
import type { TaskGrant } from '../../api/taskgrant.ts';
import type { Violation } from '../decision/violation.ts';
import { DEFAULT_TOKEN_SECONDS } from '../identity/tokens.ts';
import { expiryOf } from '../lifecycle/ending.ts';
import { recordPods } from '../lifecycle/pods.ts';
import { isNode } from '../names.ts';
import { grantIsActive, grantIsNotExpired } from './grant-in-force.ts';
import { grantNameOf } from './judge-pod.ts';
import type { GrantFacts } from './rule.ts';
import { tokenViolations } from './tokens.ts';

export interface Mint {
  spec: TokenRequestSpec;
  /** For which account. */
  account: { namespace: string; name: string };
  /** Who asks, as the API server says. */
  user: UserInfo;
  /** The grant whose account it is, by its name, where there is one. */
  grant: Stored<TaskGrant> | undefined;
  /** The pod that the token is to be bound to, where there is one. */
  pod: Stored<Pod> | undefined;
  /** What else is known to run, or to have run, as the account. */
  podsOfAccount: readonly Stored<Pod>[];
  /** The value of the namespace's label, where it has one. */
  level: string | undefined;
  apiAudiences: readonly string[];
  /** Milliseconds since the epoch. */
  now: number;
}

/**
 * By so much a token may outlive its grant where its lifetime was not shortened: the two calls of one request are some time apart,
 * ten seconds at most each (timeoutSeconds), and on clocks of different machines.
 */
const LEEWAY_SECONDS = 30;

const PATHS = { audience: 'spec.audiences', expirationSeconds: 'spec.expirationSeconds' };
const BOUND_TO = 'spec.boundObjectRef';

/**
 * Everything that is wrong with a mint. What the kubelet asks for was judged with the pod; but the grant may have ended since, and
 * anybody who may create `serviceaccounts/token` can ask for anything.
 */
export function judgeMint(mint: Mint): Violation[] {
  const { account, grant, level, now, apiAudiences } = mint;
  if (grant?.status?.serviceAccountName !== account.name) return [accountWithoutGrant(mint)];
  const facts = { grant, apiAudiences, podsUsed: 0, now };
  const inForce = [...grantIsActive(facts), ...grantIsNotExpired(facts)];
  return [
    // Of the account, whose name says whose it is: a request for a token has no label.
    ...inForce.map((violation) => ({ ...violation, path: 'metadata.name' })),
    ...namespaceIsEnforced(level, account.namespace),
    ...oneToken({ ...mint, grant }),
    ...boundToItsPod({ ...mint, grant }),
  ];
}

function accountWithoutGrant({ account, grant }: Mint): Violation {
  return {
    code: 'AccountWithoutGrant',
    path: 'metadata.name',
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

type MintUnderGrant = Mint & { grant: Stored<TaskGrant> };

const WORDS = {
  path: PATHS,
  of: '',
  longer: (seconds: number) => `ask for ${seconds} seconds or less`,
  other: 'ask for another lifetime',
  another: 'name the audience in spec.envelope.tokens of a new grant',
};

/** The API server fills in all of its own names where none is said (pkg/registry/core/serviceaccount/storage/token.go). */
function isForTheApi({ audiences }: TokenRequestSpec, apiAudiences: readonly string[]): boolean {
  return audiences.every((audience) => apiAudiences.includes(audience));
}

function tokenOf(spec: TokenRequestSpec, { apiAudiences }: GrantFacts) {
  return {
    audience: isForTheApi(spec, apiAudiences) ? undefined : spec.audiences[0],
    expirationSeconds: spec.expirationSeconds ?? DEFAULT_TOKEN_SECONDS,
  };
}

function oneToken({ spec, grant, apiAudiences, now }: MintUnderGrant): Violation[] {
  const { audiences } = spec;
  if (audiences.length > 1 && !isForTheApi(spec, apiAudiences)) {
    return [
      {
        code: 'TokenForManyAudiences',
        path: PATHS.audience,
        asked: audiences.join(', '),
        allowed: 'one audience a token',
        fix: 'ask for one token each',
      },
    ];
  }
  const facts = { grant, apiAudiences };
  const { expirationSeconds, audience } = tokenOf(spec, facts);
  const violations = [...tokenViolations({ audience, expirationSeconds }, facts, WORDS)];
  const most = longestLifetime(grant, now) + LEEWAY_SECONDS;
  if (violations.length > 0 || expirationSeconds <= most) return violations;
  return [
    {
      code: 'TokenLivesTooLong',
      path: PATHS.expirationSeconds,
      asked: `${expirationSeconds} s`,
      allowed: `${most - LEEWAY_SECONDS} s, what is left of it`,
      fix: 'ask for less, or look why the MutatingWebhookConfiguration has not shortened it',
    },
  ];
}

/**
 * How long a token may live now, in whole seconds: no longer than its grant, but for the least that the API server mints
 * (600 s: pkg/apis/authentication/validation). So those who verify a token without asking the API server, and see no revocation, are
 * not misled for longer than that.
 */
function longestLifetime(grant: Stored<TaskGrant>, now: number): number {
  const left = Math.floor(((expiryOf({ grant }) ?? now) - now) / 1000);
  return Math.max(MIN_TOKEN_SECONDS, left);
}

/**
 * The lifetime to mint with, where it has to be another than was asked for: the kubelet asks for what stands in the pod until the
 * end, and cannot know how much of the grant is left. What the envelope does not allow is not made to fit: it is refused.
 */
export function shortenedLifetime(
  spec: TokenRequestSpec,
  facts: GrantFacts,
  now: number,
): number | undefined {
  const { audience, expirationSeconds } = tokenOf(spec, facts);
  const most = longestLifetime(facts.grant, now);
  const isRefused = [...tokenViolations({ audience, expirationSeconds }, facts, WORDS)].length > 0;
  if (isRefused || expirationSeconds <= most) return undefined;
  return most === EXTENDED_TOKEN_SECONDS ? most - 1 : most;
}

function boundToItsPod({ spec, account, user, grant, pod, podsOfAccount, now }: MintUnderGrant): Violation[] {
  const { kind, name = '', uid } = spec.boundObjectRef ?? {};
  const notBound = (asked: string): Violation[] => [
    {
      code: 'TokenNotBoundToPod',
      path: BOUND_TO,
      asked,
      allowed: `pods of ${grant.metadata.name} as ${account.name}, by name and UID`,
      fix: 'let the kubelet ask, for a pod under the grant',
    },
  ];
  if (spec.boundObjectRef === undefined) return notBound('a token that is bound to nothing');
  if (kind !== 'Pod' || uid === undefined) return notBound(`a token bound to ${kind ?? 'something'} ${name}`);
  if (pod?.metadata.uid !== uid) return notBound(`a token bound to pod ${name}, which is not there`);
  const isOfGrant = grantNameOf(pod) === grant.metadata.name && pod.spec?.serviceAccountName === account.name;
  if (!isOfGrant) return notBound(`a token bound to pod ${name}, which is not under the grant`);
  return [
    ...notFinished(pod),
    ...withinTheNumber(pod, podsOfAccount, grant, now),
    ...askedByItsNode(pod, user),
  ];
}

function notFinished({ metadata, status }: Stored<Pod>): Violation[] {
  const phase = status?.phase;
  if (phase !== 'Succeeded' && phase !== 'Failed') return [];
  return [
    {
      code: 'PodFinished',
      path: BOUND_TO,
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
): Violation[] {
  const { maxPods } = spec.workload;
  const { uid, name } = pod.metadata;
  const observed = [...others.filter(({ metadata }) => metadata.uid !== uid), pod];
  const { overBudget } = recordPods(status?.pods ?? [], observed, maxPods, new Date(now).toISOString());
  if (!overBudget.some(({ metadata }) => metadata.uid === uid)) return [];
  return [
    {
      code: 'PodsUsedUp',
      path: BOUND_TO,
      asked: `pod ${name}, one more`,
      allowed: maxPods === 1 ? '1 pod' : `${maxPods} pods`,
      fix: 'create a new TaskGrant, with a larger spec.workload.maxPods where the task needs retries',
    },
  ];
}

function askedByItsNode({ metadata, spec }: Stored<Pod>, user: UserInfo): Violation[] {
  const node = spec?.nodeName;
  if (node !== undefined && isNode(node, user)) return [];
  return [
    {
      code: 'TokenNotAskedByNode',
      path: BOUND_TO,
      asked: `pod ${metadata.name} by ${user.username ?? ''}`,
      allowed: node === undefined ? 'a pod that a node has' : `node ${node} only`,
      fix: 'run what needs the identity as a pod under the grant',
    },
  ];
}
