import canonicalize from 'canonicalize';
import type { TaskGrant } from '../../api/taskgrant.ts';
import type { Violation } from '../decision/violation.ts';
import { millisecondsOr } from '../duration.ts';

type Spec = TaskGrant['spec'];

/** What a change may say of the fields that change at all: each of them only takes something away. An approval is judged by itself. */
const CHANGES = new Map<string, (before: Spec, after: Spec) => boolean>([
  ['suspend', () => true],
  ['revoke', (before, after) => after.revoke || !before.revoke],
  [
    'duration',
    (before, after) => millisecondsOr(Infinity, after.duration) <= millisecondsOr(Infinity, before.duration),
  ],
  ['approval', (before) => before.approval === undefined],
]);

/**
 * What a change of a spec makes of the decision that was taken on it. The CRD's own rules hold the same; this is for when somebody has
 * taken them away, for whoever may change grants without being that somebody. A field that nobody has thought of here is one that stays.
 */
export function changesOfDecision({ spec: before }: TaskGrant, { spec: after }: TaskGrant): Violation[] {
  const [was, is] = [before, after] as unknown as Record<string, unknown>[];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((field) => canonicalize(was?.[field] ?? null) !== canonicalize(is?.[field] ?? null))
    .filter((field) => !(CHANGES.get(field)?.(before, after) ?? false))
    .map((field) => ({
      code: 'GrantImmutable' as const,
      path: `spec.${field}`,
      asked: 'another',
      allowed: 'what it was created with',
      fix: 'create a new TaskGrant',
    }));
}
