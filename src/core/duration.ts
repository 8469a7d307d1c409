import { DURATION_PATTERN } from '../api/schema.ts';

const DURATION = new RegExp(DURATION_PATTERN);

const UNITS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/**
 * Milliseconds of a duration as the CRDs accept it, "1h30m".
 *
 * @throws RangeError for anything else: the schema refuses it before it gets here.
 * @example milliseconds('90s') === 90_000
 */
export function milliseconds(duration: string): number {
  const parts = DURATION.exec(duration);
  if (!parts || duration === '')
    throw new RangeError(`not a duration such as 1h30m: ${JSON.stringify(duration)}`);
  return UNITS.reduce(
    (sum, [, factor], index) => sum + factor * Number.parseInt(parts[index + 1] ?? '0', 10),
    0,
  );
}

/** The same, or what to take instead of one that cannot be read: the schema lets none in, and may have been taken away. */
export function millisecondsOr(fallback: number, duration: string): number {
  return isDuration(duration) ? milliseconds(duration) : fallback;
}

export function isDuration(text: unknown): text is string {
  return typeof text === 'string' && text !== '' && DURATION.test(text);
}

/** A duration for people and for manifests: the largest units first, to the second. */
export function formatDuration(ms: number): string {
  let rest = Math.max(0, Math.round(ms / 1000) * 1000);
  const parts = UNITS.map(([unit, factor]) => {
    const count = Math.floor(rest / factor);
    rest -= count * factor;
    return count > 0 ? `${count}${unit}` : '';
  });
  return parts.join('') || '0s';
}
