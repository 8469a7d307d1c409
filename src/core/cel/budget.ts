/**
 * What the evaluation of expressions may cost, in steps. CEL always ends, but not soon: three nested comprehensions over a thousand
 * entries are a billion steps, and x + x doubles a text with each pass.
 */

/** A step takes 50 to 250 ns, whatever it is of: all of them are some tens of milliseconds. */
export const STEPS_PER_DECISION = 250_000;

export class BudgetExhausted extends Error {
  override name = 'BudgetExhausted';
}

export interface Budget {
  /** @throws BudgetExhausted where fewer steps are left; from then on always. */
  spend(steps: number): void;
}

export function budgetOf(steps: number): Budget {
  let left = steps;
  return {
    spend(count) {
      left -= count;
      if (left < 0) throw new BudgetExhausted();
    },
  };
}

/** Texts are read, compared and copied eight characters a step. */
export function stepsFor(text: string): number {
  return text.length >> 3;
}

/** For finding one text in another: the engine may compare each place with all of it (64 characters a step). */
export function stepsToFind(within: string, sought: string): number {
  return stepsFor(within) + stepsFor(sought) + Math.ceil((within.length * sought.length) / 64);
}
