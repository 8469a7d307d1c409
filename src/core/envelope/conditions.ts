/** The conditions that a grant sets to itself: whatever is decided under it, they are evaluated. */
import type { Pod } from '../../api/kubernetes.ts';
import type { TaskGrant } from '../../api/taskgrant.ts';
import { evaluationOf, isFault, type Verdict } from '../cel/dialect.ts';
import type { Violation } from '../decision/violation.ts';
import {
  commonVariables,
  CONDITIONS,
  expressionFaults,
  heldUnlessJudged,
  readsAnyOf,
} from './expressions.ts';

/** What is decided, and what there is to see of it. */
export type Decided =
  | { action: 'grant' }
  | { action: 'admit'; pod: Pod }
  | { action: 'mint'; token: { audiences: readonly string[]; expirationSeconds: number } }
  | { action: 'certify'; certificate: { signerName: string; maxExpirationSeconds: number } };

type Condition = NonNullable<TaskGrant['spec']['conditions']>[number];

export interface ConditionFacts {
  grant: Pick<TaskGrant, 'metadata' | 'spec'>;
  /** Of its namespace; undefined where they are not known. */
  labels: Readonly<Record<string, string>> | undefined;
  /** Milliseconds since the epoch. */
  now: number;
}

export function hasConditions({ spec }: Pick<TaskGrant, 'spec'>): boolean {
  return (spec.conditions ?? []).length > 0;
}

/** Where one stands in its grant. */
export function conditionPath(index: number): string {
  return `spec.conditions[${index}]`;
}

/** Each condition that does not compile. */
export function conditionFaults({ spec }: Pick<TaskGrant, 'spec'>): Violation[] {
  return expressionFaults(CONDITIONS, spec.conditions, 'spec.conditions');
}

/**
 * Each condition that is not true now. One that cannot be told is a no, and so is one that does not compile any more.
 *
 * @param path what is refused because of it, or where the condition of an index stands
 */
export function conditionsAreMet(
  { grant, labels, now }: ConditionFacts,
  decided: Decided,
  path: string | ((index: number) => string),
): Violation[] {
  if (!hasConditions(grant)) return [];
  const verdicts = verdictsOf({ grant, labels }, { time: new Date(now), ...decided });
  return (grant.spec.conditions ?? []).flatMap(({ name, expression, message }, index) => {
    const verdict = verdicts[index] ?? { error: 'it was not evaluated' };
    if (verdict === true) return [];
    const { action } = decided;
    return [
      {
        code: 'ConditionNotMet' as const,
        path: typeof path === 'string' ? path : path(index),
        asked: verdict === false ? action : `${action}, of which it cannot be told: ${verdict.error}`,
        allowed: `${name} (${message ?? expression})`,
        fix: verdict === false ? FIXES[action] : CORRECTIONS[action],
      },
    ];
  });
}

/** One for each condition. */
function verdictsOf(
  { grant, labels }: Pick<ConditionFacts, 'grant' | 'labels'>,
  request: Decided & { time?: Date },
): Verdict[] {
  const { requestedBy: requester, conditions = [] } = grant.spec;
  const evaluation = evaluationOf({ ...commonVariables({ grant, requester, labels }), request });
  return conditions.map(({ expression }) => {
    const compiled = CONDITIONS.compile(expression);
    return isFault(compiled) ? { error: compiled.message } : evaluation.judge(compiled);
  });
}

/** The grant with those conditions held that nothing can be told of but at a moment; and their names. */
export function withoutConditionsOnTime<Grant extends Pick<TaskGrant, 'metadata' | 'spec'>>(
  { grant, labels, now }: ConditionFacts & { grant: Grant },
  decided: Decided,
): { grant: Grant; leftOut: string[] } {
  const { conditions = [] } = grant.spec;
  const atMoment = verdictsOf({ grant, labels }, { time: new Date(now), ...decided });
  const atAnyTime = verdictsOf({ grant, labels }, decided);
  const isTimeless = (_: unknown, index: number) =>
    typeof atMoment[index] !== 'boolean' || typeof atAnyTime[index] === 'boolean';
  return {
    grant: holding(grant, isTimeless),
    leftOut: conditions.filter((_, index) => !isTimeless(_, index)).map(({ name }) => name),
  };
}

const FIXES: Readonly<Record<Decided['action'], string>> = {
  grant: 'create the TaskGrant when it holds, or let it hold whenever request.action is grant',
  admit: 'create the pod when it holds, or a TaskGrant with other conditions',
  mint: 'the kubelet asks again: it gets a token when the condition holds',
  certify: 'the kubelet asks again: it gets a certificate when the condition holds',
};

const GUARDED = "has(…) or 'key' in … guards what may be missing";
const CORRECTED_ANEW = `create a TaskGrant with the expression corrected: ${GUARDED}`;

/** Of what cannot be told: to wait is no use. */
const CORRECTIONS: Readonly<Record<Decided['action'], string>> = {
  grant: `correct the expression: ${GUARDED}`,
  admit: CORRECTED_ANEW,
  mint: CORRECTED_ANEW,
  certify: CORRECTED_ANEW,
};

/** The grant with those conditions held that cannot be told without the variables; and their names. */
export function withoutConditionsOn<Grant extends Pick<TaskGrant, 'spec'>>(
  unknown: readonly string[],
  grant: Grant,
): { grant: Grant; leftOut: string[] } {
  const { conditions = [] } = grant.spec;
  const isKnown = ({ expression }: Condition) => !readsAnyOf(unknown, expression, CONDITIONS);
  return {
    grant: holding(grant, isKnown),
    leftOut: conditions.filter((one) => !isKnown(one)).map(({ name }) => name),
  };
}

function holding<Grant extends Pick<TaskGrant, 'spec'>>(
  grant: Grant,
  isJudged: (condition: Condition, index: number) => boolean,
): Grant {
  const conditions = heldUnlessJudged(grant.spec.conditions ?? [], isJudged);
  return { ...grant, spec: { ...grant.spec, conditions } };
}
