/** Timestamps and durations as CEL has them: RFC 3339, Go's durations, and the parts of a date in a time zone. */
import type { Duration, Timestamp } from './value.ts';

const SECOND = 1_000_000_000n;

const UNITS: Readonly<Record<string, bigint>> = {
  h: 3600n * SECOND,
  m: 60n * SECOND,
  s: SECOND,
  ms: 1_000_000n,
  us: 1000n,
  µs: 1000n,
  ns: 1n,
};

/** From the year 1 to 9999, as RFC 3339 can say (google.protobuf.Timestamp). */
const FIRST = -62_135_596_800n * SECOND;
const LAST = 253_402_300_800n * SECOND - 1n;

/** The longest duration of Go, 2^63 nanoseconds. */
const LONGEST = 2n ** 63n - 1n;

export function timestamp(ns: bigint): Timestamp | undefined {
  return ns >= FIRST && ns <= LAST ? { kind: 'timestamp', ns } : undefined;
}

export function duration(ns: bigint): Duration | undefined {
  return ns >= -LONGEST && ns <= LONGEST ? { kind: 'duration', ns } : undefined;
}

const RFC_3339 = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;

export function parseTimestamp(text: string): Timestamp | undefined {
  const [, seconds = '', fraction = '', zone = ''] = RFC_3339.exec(text) ?? [];
  const at = new Date(seconds + zone).getTime();
  if (Number.isNaN(at)) return undefined;
  // Of 30 February, and of 24:00, a Date makes the next day that there is.
  if (new Date(`${seconds}Z`).toISOString().slice(0, 19) !== seconds) return undefined;
  return timestamp(BigInt(at) * 1_000_000n + BigInt(fraction.padEnd(9, '0')));
}

const PART = /(\d{1,18})(?:\.(\d{1,18}))?(h|ms|m|s|us|µs|ns)/y;

/** As Go writes them: `1h30m`, `1.5s`, `-10ms`. */
export function parseDuration(text: string): Duration | undefined {
  const isNegative = text.startsWith('-');
  const rest = text.replace(/^[+-]/, '');
  if (rest === '0') return duration(0n);
  // The longest that makes sense has a part for each unit.
  if (rest === '' || rest.length > 128) return undefined;
  let ns = 0n;
  PART.lastIndex = 0;
  for (let end = 0; end < rest.length; end = PART.lastIndex) {
    const [, whole = '', fraction = '', unit = ''] = PART.exec(rest) ?? [];
    const factor = UNITS[unit];
    if (factor === undefined) return undefined;
    ns += BigInt(whole) * factor + (BigInt(fraction || '0') * factor) / 10n ** BigInt(fraction.length);
  }
  return duration(isNegative ? -ns : ns);
}

/** As protobuf's JSON writes them: in seconds. */
export function renderDuration({ ns }: Duration): string {
  const [sign, size] = ns < 0n ? ['-', -ns] : ['', ns];
  const fraction = String(size % SECOND)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${sign}${size / SECOND}${fraction && `.${fraction}`}s`;
}

/** Those before it: 1969-12-31T23:59:59.5Z is in the second -1. */
export function secondsOf({ ns }: Timestamp): bigint {
  return (ns - (((ns % SECOND) + SECOND) % SECOND)) / SECOND;
}

/** With as much of the fraction of a second as there is. */
export function renderTimestamp({ ns }: Timestamp): string {
  const ofSecond = ((ns % SECOND) + SECOND) % SECOND;
  const whole = new Date(Number((ns - ofSecond) / 1_000_000n)).toISOString().slice(0, 19);
  const fraction = String(ofSecond).padStart(9, '0').replace(/0+$/, '');
  return `${whole}${fraction && `.${fraction}`}Z`;
}

/** What a timestamp can be asked; the names and their counting are Joda-Time's, whence CEL has them. */
export const DATE_PARTS = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDate: (date) => date.getUTCDate(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: (date) =>
    Math.floor((date.getTime() - new Date(date).setUTCMonth(0, 1)) / (24 * 3600 * 1000)),
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
} as const satisfies Readonly<Record<string, (date: Date) => number>>;

/** The moment as a date whose UTC parts are those of the zone; undefined where there is no such zone. */
export function dateIn({ ns }: Timestamp, zone: string): Date | undefined {
  const ms = Number(ns / 1_000_000n) - (ns < 0n && ns % 1_000_000n !== 0n ? 1 : 0);
  const offset = zone === 'UTC' ? 0 : offsetOf(ms, zone);
  return offset === undefined ? undefined : new Date(ms + offset);
}

const OFFSET = /^([+-]?)(\d{2}):(\d{2})$/;

/** Milliseconds by which the zone is before UTC: `Europe/Berlin`, or `+02:00`. */
function offsetOf(ms: number, zone: string): number | undefined {
  const [match, sign, hours, minutes] = OFFSET.exec(zone) ?? [];
  if (match !== undefined) return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  // Intl takes `+02` and `utc` too, and CEL does not.
  if (!/^[A-Z]/.test(zone)) return undefined;
  try {
    const parts = formatterFor(zone).formatToParts(ms);
    const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
    const year = parts.some(({ value }) => value === 'BC') ? 1 - part('year') : part('year');
    const there = new Date(0);
    there.setUTCFullYear(year, part('month') - 1, part('day'));
    there.setUTCHours(part('hour'), part('minute'), part('second'));
    return there.getTime() - Math.floor(ms / 1000) * 1000;
  } catch {
    return undefined;
  }
}

const NUMBERS = {
  calendar: 'gregory',
  numberingSystem: 'latn',
  hourCycle: 'h23',
  era: 'short',
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
} as const;

/** To make one takes longer than everything else that an expression can do, and a cluster has one or two zones. */
const FORMATTERS = new Map<string, Intl.DateTimeFormat>();
const MOST_FORMATTERS = 16;

/** @throws RangeError where there is no such zone */
function formatterFor(zone: string): Intl.DateTimeFormat {
  const known = FORMATTERS.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-US', { timeZone: zone, ...NUMBERS });
  if (FORMATTERS.size >= MOST_FORMATTERS) FORMATTERS.clear();
  FORMATTERS.set(zone, made);
  return made;
}

/** As if the formatter had to be made, half a millisecond: what an expression costs must not hang on what others have asked. */
export const STEPS_FOR_A_ZONE = 3000;

/** What a duration can be asked: all of it in that unit, without the rest. */
export const DURATION_PARTS = {
  getHours: 3600n * SECOND,
  getMinutes: 60n * SECOND,
  getSeconds: SECOND,
  getMilliseconds: 1_000_000n,
} as const satisfies Readonly<Record<string, bigint>>;
