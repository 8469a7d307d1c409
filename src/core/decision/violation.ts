import type { ViolationCode } from './codes.ts';

/** One thing that is wrong with a request. A request is refused with all of them at once. */
export interface Violation {
  code: ViolationCode;
  /** Where in the object, as JSON path: `spec.volumes[0].projected.sources[0].serviceAccountToken.audience`. */
  path: string;
  /** What was asked for there. */
  asked: string;
  /** What would have been allowed. */
  allowed: string;
  /** What to do about it, in the imperative. */
  fix: string;
}

/** More are not looked for: far more than fit into a denial, and a pod may have hundreds of thousands. A count of so many means so many or more. */
export const MOST_VIOLATIONS = 1000;

/** More are not read in a denial, and a pod may have thousands of violations that name them; kubectl get shows them all. */
const MAX_LISTED = 10;

/** Several values as a denial names them; `nothing` where there are none. */
export function listed(values: readonly string[]): string {
  if (values.length === 0) return 'nothing';
  const more = values.length - MAX_LISTED;
  return [...values.slice(0, MAX_LISTED), ...(more > 0 ? [`… and ${more} more`] : [])].join(', ');
}

/** Each code once, in alphabetical order. */
export function codesOf(violations: readonly Violation[]): Violation['code'][] {
  return [...new Set(violations.map(({ code }) => code))].sort();
}
