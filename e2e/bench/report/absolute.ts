import type { Measured } from '../rounds.ts';
import { median, p99 } from '../statistics.ts';
import { milliseconds, perSecond } from '../table.ts';

/** The columns of what was measured of one side, by itself. */
export const ABSOLUTE = ['samples', 'p50', 'p99', 'per s'] as const;

export function absolute({ ms, rates }: Measured): string[] {
  return [`${ms.length}`, milliseconds(median(ms)), milliseconds(p99(ms)), perSecond(median(rates))];
}
