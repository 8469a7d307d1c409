/** What a grant can say and this version cannot enforce: refused, so that no declared bound is an empty word. */
import type { TaskGrant } from '../../api/taskgrant.ts';
import type { Violation } from '../decision/violation.ts';

/** One feature: where it stands, what was asked, and what can be had instead. */
interface Feature {
  path: string;
  asked: string;
  allowed: string;
}

export function unsupportedInGrant({ spec }: Pick<TaskGrant, 'spec'>): Violation[] {
  return [...featuresOfGrant(spec)].map((feature) => ({
    code: 'NotSupportedYet',
    ...feature,
    fix: 'leave it out',
  }));
}

function* featuresOfGrant(spec: TaskGrant['spec']): Generator<Feature> {
  for (const [index, { constraints }] of (spec.envelope.kubernetes ?? []).entries()) {
    yield* entries(`spec.envelope.kubernetes[${index}].constraints`, constraints);
  }
  const { writes } = spec.limits ?? {};
  if (writes !== undefined) yield { path: 'spec.limits.writes', asked: String(writes), allowed: 'no limit' };
  if (spec.parentRef) yield { path: 'spec.parentRef', asked: spec.parentRef.name, allowed: 'no parent' };
  for (const field of ['maxDepth', 'maxChildren'] as const) {
    const asked = spec.delegation?.[field] ?? 0;
    if (asked > 0) yield { path: `spec.delegation.${field}`, asked: String(asked), allowed: '0' };
  }
}

/** An empty list asks for nothing. */
function* entries(path: string, list: readonly unknown[] | undefined): Generator<Feature> {
  const count = list?.length ?? 0;
  if (count > 0) yield { path, asked: count === 1 ? '1 entry' : `${count} entries`, allowed: 'none' };
}
