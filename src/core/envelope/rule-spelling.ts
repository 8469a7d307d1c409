import type { TaskGrant } from '../../api/taskgrant.ts';
import type { Violation } from '../decision/violation.ts';
import { givingNothingIn } from '../rules/scope.ts';
import { misspellingsIn } from '../rules/spelling.ts';

/** What an envelope declares and RBAC would not take for what it says: a bound that is another than people read. */
export function rulesSpelledRight({ spec }: Pick<TaskGrant, 'spec'>): Violation[] {
  return (spec.envelope.kubernetes ?? []).flatMap((rule, index) =>
    misspellingsIn(rule).map(({ path, asked, because, fix }) => ({
      code: 'RuleMisspelled',
      path: `spec.envelope.kubernetes[${index}].${path}`,
      asked: JSON.stringify(asked),
      allowed: `words that RBAC matches: ${because}`,
      fix,
    })),
  );
}

/** What an envelope declares and a Role cannot give, or no request has: no danger, and so nobody is refused for it; but the task would be, later. */
export function rulesGivingNothing({ spec }: Pick<TaskGrant, 'spec'>): Violation[] {
  return (spec.envelope.kubernetes ?? []).flatMap((rule, index) =>
    givingNothingIn(rule).map(({ path, asked, because, fix }) => ({
      code: 'RuleGivesNothing',
      path: `spec.envelope.kubernetes[${index}].${path}`,
      asked,
      allowed: because,
      fix,
    })),
  );
}
