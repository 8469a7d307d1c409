/** A token that is asked for, for the account of a grant: each mint is a new decision, whoever asks and whenever. */
import { EXTENDED_TOKEN_SECONDS, MIN_TOKEN_SECONDS } from '../../api/taskgrant.ts';
import type { Stored, TokenRequestSpec } from '../../api/kubernetes.ts';
import type { TaskGrant } from '../../api/taskgrant.ts';
import type { Violation } from '../decision/violation.ts';
import { DEFAULT_TOKEN_SECONDS } from '../identity/tokens.ts';
import { expiryOf } from '../lifecycle/ending.ts';
import { conditionsAreMet } from './conditions.ts';
import {
  forItsPod,
  judgeIssue,
  notForPod,
  type Issue,
  type IssueUnderGrant,
  type IssueWords,
} from './judge-issue.ts';
import type { GrantFacts } from './rule.ts';
import { tokenViolations } from './tokens.ts';

export interface Mint extends Issue {
  spec: TokenRequestSpec;
}

/**
 * By so much a token may outlive its grant where its lifetime was not shortened: the two calls of one request are some time apart,
 * ten seconds at most each (timeoutSeconds), and on clocks of different machines.
 */
const LEEWAY_SECONDS = 30;

const PATHS = { audience: 'spec.audiences', expirationSeconds: 'spec.expirationSeconds' };

const ISSUE: IssueWords = {
  account: 'metadata.name',
  pod: 'spec.boundObjectRef',
  what: 'a token',
  notForPod: 'TokenNotBoundToPod',
  notByNode: 'TokenNotAskedByNode',
};

/** Everything that is wrong with a mint. */
export function judgeMint(mint: Mint): Violation[] {
  return judgeIssue(mint, ISSUE, (underGrant) => [
    ...meetsConditions(underGrant),
    ...oneToken(underGrant),
    ...boundToItsPod(underGrant),
  ]);
}

type MintUnderGrant = IssueUnderGrant<Mint>;

/** Of the token as the API server will mint it. */
function meetsConditions({ spec, grant, namespaceLabels: labels, now }: MintUnderGrant): Violation[] {
  const { audiences, expirationSeconds = DEFAULT_TOKEN_SECONDS } = spec;
  return conditionsAreMet(
    { grant, labels, now },
    { action: 'mint', token: { audiences, expirationSeconds } },
    ISSUE.account,
  );
}

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

function boundToItsPod(mint: MintUnderGrant): Violation[] {
  const { boundObjectRef } = mint.spec;
  const { kind, name = '', uid } = boundObjectRef ?? {};
  if (boundObjectRef === undefined) return [notForPod('a token that is bound to nothing', mint, ISSUE)];
  if (kind !== 'Pod' || uid === undefined)
    return [notForPod(`a token bound to ${kind ?? 'something'} ${name}`, mint, ISSUE)];
  return forItsPod(mint, { name, uid }, ISSUE);
}
