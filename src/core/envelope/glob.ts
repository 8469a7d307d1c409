/** Patterns with `*` (within one path segment) and `**` (across them); everything else stands for itself. */

/** A character, or what may stand in its place. */
type Step = { literal: string } | { repeats: 'withinSegment' | 'anything' };

/**
 * Whether the whole text matches. Every position in the pattern that the text so far can have reached is followed at
 * once, so the time is at most the product of both lengths, whatever they hold: patterns are other people's.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  if (!pattern.includes('*')) return pattern === text;
  const steps = stepsOf(pattern);
  let reached = withSkips(steps, new Set([0]));
  for (const character of text) {
    const next = new Set<number>();
    for (const at of reached) {
      const step = steps[at];
      if (step === undefined) continue;
      if ('literal' in step) {
        if (step.literal === character) next.add(at + 1);
      } else if (step.repeats === 'anything' || character !== '/') {
        next.add(at);
      }
    }
    if (next.size === 0) return false;
    reached = withSkips(steps, next);
  }
  return reached.has(steps.length);
}

/** A wildcard may stand for nothing, so what is behind it is reached as well. */
function withSkips(steps: readonly Step[], positions: Set<number>): Set<number> {
  // A Set's iteration visits what is added to it on the way.
  for (const at of positions) {
    const step = steps[at];
    if (step && 'repeats' in step) positions.add(at + 1);
  }
  return positions;
}

function stepsOf(pattern: string): Step[] {
  return (pattern.match(/\*\*|[^]/gu) ?? []).map((part) => {
    if (part === '**') return { repeats: 'anything' };
    return part === '*' ? { repeats: 'withinSegment' } : { literal: part };
  });
}
