/** Carries a plan out, step by step. */
import type { Change } from '../core/lifecycle/change.ts';
import { withChange } from '../core/lifecycle/change.ts';
import type { Action, Facts, Plan } from '../core/lifecycle/facts.ts';

/**
 * The facts as they are afterwards. It stops early where a creation failed for good, because that has to be decided on
 * first, whatever else went wrong beside it; and where an action failed, unless the plan is to be carried out regardless.
 *
 * @param apply does one action; those of one step are under way at the same time.
 * @throws what the first failed action threw, after all that were begun have ended.
 */
export async function carryOut(
  plan: Plan,
  before: Facts,
  apply: (action: Action, facts: Facts) => Promise<Change>,
): Promise<Facts> {
  let facts = before;
  const failures: unknown[] = [];
  for (const step of plan.steps) {
    const state = facts;
    const results = await Promise.allSettled(step.map((action) => apply(action, state)));
    for (const result of results) {
      if (result.status === 'fulfilled') facts = withChange(facts, result.value);
      else failures.push(result.reason);
    }
    // One that was known before has been decided on: this plan is what came of it.
    if (facts.failure !== before.failure) return facts;
    if (failures.length > 0 && !plan.regardless) break;
  }
  if (failures.length > 0) throw failures[0];
  return facts;
}
