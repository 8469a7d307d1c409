import type { GrantConditionType, GrantReason } from '../../api/reasons.ts';
import type { GrantCondition } from '../../api/taskgrant.ts';

/** What is said of one aspect, before it is known since when. */
export interface Finding {
  type: GrantConditionType;
  status: 'True' | 'False' | 'Unknown';
  reason: GrantReason;
  message: string;
}

/**
 * The longest message, in characters. The CRD refuses more than 32,768 (as metav1.Condition does), and a status that
 * is refused says nothing at all; nobody reads that much either.
 */
const MOST_CHARACTERS = 4096;

/**
 * The conditions with the findings written into them. lastTransitionTime moves only when a status changes
 * (API conventions, "Typical status properties").
 */
export function withFindings(
  conditions: readonly GrantCondition[],
  findings: readonly Finding[],
  at: { time: string; generation: number },
): GrantCondition[] {
  const said = findings.map((finding): GrantCondition => {
    const before = conditions.find(({ type }) => type === finding.type);
    return {
      ...finding,
      message: shortened(finding.message),
      observedGeneration: at.generation,
      lastTransitionTime: before?.status === finding.status ? before.lastTransitionTime : at.time,
    };
  });
  return [...conditions.filter(({ type }) => !said.some((one) => one.type === type)), ...said];
}

function shortened(message: string): string {
  // A pair of surrogates that is cut in half would be stored as something else, and be written anew each time.
  const whole = message.toWellFormed();
  return whole.length > MOST_CHARACTERS ? `${whole.slice(0, MOST_CHARACTERS - 1).toWellFormed()}…` : whole;
}
