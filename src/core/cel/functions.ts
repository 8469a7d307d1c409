/** The functions and methods that expressions may call. What the type checker knows besides is refused (translate.ts). */
import { stepsFor, stepsToFind, type Budget } from './budget.ts';
import { int } from './operators.ts';
import {
  DATE_PARTS,
  dateIn,
  DURATION_PARTS,
  parseDuration,
  parseTimestamp,
  renderDuration,
  renderTimestamp,
  secondsOf,
  STEPS_FOR_A_ZONE,
  timestamp,
} from './time.ts';
import { Failure, isDuration, isList, isMap, isTimestamp, type Result, type Value } from './value.ts';

export interface Call {
  /** Where it stands. */
  at: number;
  budget: Budget;
}

/** Undefined where there is no such function of these values: they are dynamic, and the type checker could not tell. */
type CelFunction = (call: Call, ...args: readonly Value[]) => Result | undefined;

/** A number or a time of some ten characters is read, and written, in a few microseconds. */
const STEPS_TO_READ = 20;

/** As Go writes them with %g. */
function renderDouble(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return Object.is(value, -0) ? '-0' : String(value);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** Called by themselves. */
export const FUNCTIONS: Readonly<Record<string, CelFunction>> = {
  size,
  dyn: (_, value) => value,
  string({ budget }, value) {
    budget.spend(STEPS_TO_READ);
    if (typeof value === 'string') return value;
    if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
    if (typeof value === 'number') return renderDouble(value);
    if (isTimestamp(value)) return renderTimestamp(value);
    return isDuration(value) ? renderDuration(value) : undefined;
  },
  int({ at }, value) {
    if (typeof value === 'bigint') return value;
    if (typeof value === 'number')
      // The least int is none: a double cannot tell it from what is less.
      return Math.abs(value) < 2 ** 63 ? BigInt(Math.trunc(value)) : new Failure('no int', at);
    if (isTimestamp(value)) return secondsOf(value);
    if (typeof value !== 'string') return undefined;
    return /^-?\d{1,19}$/.test(value) ? int(BigInt(value), at) : new Failure('no int', at);
  },
  double({ at, budget }, value) {
    budget.spend(STEPS_TO_READ);
    if (typeof value === 'bigint' || typeof value === 'number') return Number(value);
    if (typeof value !== 'string') return undefined;
    const found = /^-?\d{1,300}(\.\d{1,300})?([eE][+-]?\d{1,3})?$/.test(value) ? Number(value) : NaN;
    return Number.isFinite(found) ? found : new Failure('no double', at);
  },
  bool({ at }, value) {
    if (typeof value === 'boolean') return value;
    if (typeof value !== 'string') return undefined;
    if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)) return true;
    if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(value)) return false;
    return new Failure('no bool', at);
  },
  timestamp({ at, budget }, value) {
    budget.spend(STEPS_TO_READ);
    if (isTimestamp(value)) return value;
    if (typeof value !== 'string' && typeof value !== 'bigint') return undefined;
    const found = typeof value === 'string' ? parseTimestamp(value) : timestamp(value * 1_000_000_000n);
    return found ?? new Failure('no time of RFC 3339', at);
  },
  duration({ at, budget }, value) {
    budget.spend(STEPS_TO_READ);
    if (isDuration(value)) return value;
    if (typeof value !== 'string') return undefined;
    return parseDuration(value) ?? new Failure('no duration such as 1h30m', at);
  },
};

type TextMethod = (call: Call, text: string, other: string) => Result;

const TEXT_METHODS: Readonly<Record<string, TextMethod>> = {
  startsWith({ budget }, text, other) {
    budget.spend(stepsFor(other));
    return text.startsWith(other);
  },
  endsWith({ budget }, text, other) {
    budget.spend(stepsFor(other));
    return text.endsWith(other);
  },
  contains({ budget }, text, other) {
    budget.spend(stepsToFind(text, other));
    return text.includes(other);
  },
};

/** Each with how it is found where it is called without an argument. */
const PLAIN_TEXT_METHODS: Readonly<Record<string, (text: string) => string>> = {
  lowerAscii: (text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  upperAscii: (text) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
  trim: trimmed,
};

const SPACE = /\p{White_Space}/u;

/** Unicode's white space: JavaScript's trim() takes U+FEFF besides, and leaves U+0085. */
function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && SPACE.test(text.charAt(start))) start++;
  while (start < end && SPACE.test(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

/** Called on a value, which is the first argument. `matches` is not among them: its pattern is compiled beforehand. */
export const METHODS: Readonly<Record<string, CelFunction>> = {
  size,
  join({ at, budget }, list, separator = '') {
    if (!isList(list) || typeof separator !== 'string') return undefined;
    budget.spend(list.length * (1 + stepsFor(separator)));
    const texts: string[] = [];
    for (const text of list) {
      if (typeof text !== 'string') return new Failure('join of what are no texts', at);
      budget.spend(stepsFor(text));
      texts.push(text);
    }
    return texts.join(separator);
  },
  split({ budget }, text, separator, most = -1n) {
    if (typeof text !== 'string' || typeof separator !== 'string' || typeof most !== 'bigint')
      return undefined;
    budget.spend(stepsToFind(text, separator) + Math.ceil(text.length / (separator.length || 1)));
    // By code points, and not into the halves of some of them.
    const parts = separator === '' ? Array.from(text) : text.split(separator);
    if (most < 0n || most >= parts.length) return parts;
    if (most === 0n) return [];
    const rest = Number(most) - 1;
    return [...parts.slice(0, rest), parts.slice(rest).join(separator)];
  },
  ...mapOf(
    TEXT_METHODS,
    (method): CelFunction =>
      (call, text, other) =>
        typeof text === 'string' && typeof other === 'string' ? method(call, text, other) : undefined,
  ),
  ...mapOf(PLAIN_TEXT_METHODS, (method): CelFunction => ({ budget }, text) => {
    if (typeof text !== 'string') return undefined;
    // A call for each run of letters.
    budget.spend(text.length);
    return method(text);
  }),
  ...mapOf(DATE_PARTS, (part, name): CelFunction => ({ at, budget }, value, zone = 'UTC') => {
    if (isDuration(value) && name in DURATION_PARTS)
      return value.ns / DURATION_PARTS[name as keyof typeof DURATION_PARTS];
    if (!isTimestamp(value) || typeof zone !== 'string') return undefined;
    if (zone !== 'UTC') budget.spend(STEPS_FOR_A_ZONE);
    const date = dateIn(value, zone);
    return date ? BigInt(part(date)) : new Failure('no such time zone', at);
  }),
};

function size({ budget }: Call, value?: Value): Result | undefined {
  if (typeof value === 'string') {
    budget.spend(value.length >> 2);
    // Code points, and not the halves of some of them.
    return BigInt(value.length - (value.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0));
  }
  if (value === undefined) return undefined;
  if (isList(value)) return BigInt(value.length);
  return isMap(value) ? BigInt(value.size) : undefined;
}

function mapOf<From, To>(
  record: Readonly<Record<string, From>>,
  to: (from: From, name: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, from]) => [name, to(from, name)]));
}
