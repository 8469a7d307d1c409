/** The operators of CEL on values: of the type checker's yes only the result is left to find. */
import { stepsFor, type Budget } from './budget.ts';
import { duration, timestamp } from './time.ts';
import { Failure, isDuration, isList, isMap, isTimestamp, type Result, type Value } from './value.ts';

export type BinaryOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | '+' | '-' | '*' | '/' | '%';

const MAX_INT = 2n ** 63n - 1n;
const MIN_INT = -(2n ** 63n);

/** An int of 64 bits, as CEL has no others. */
export function int(value: bigint, at: number): Result {
  return value >= MIN_INT && value <= MAX_INT ? value : new Failure('integer overflow', at);
}

export function apply(op: BinaryOperator, left: Value, right: Value, at: number, budget: Budget): Result {
  switch (op) {
    case '==':
      return equal(left, right, budget);
    case '!=':
      return !equal(left, right, budget);
    case 'in':
      return isIn(left, right, at, budget);
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const order = compare(left, right, budget);
      if (order === undefined || Number.isNaN(order))
        return new Failure(`${op} between values that have no order`, at);
      return ORDERS[op](order);
    }
    case '+':
      return sum(left, right, at, budget) ?? new Failure('+ between values that cannot be added', at);
    case '-':
    case '*':
    case '/':
    case '%':
      return arithmetic(op, left, right, at) ?? new Failure(`${op} between values that are no numbers`, at);
  }
}

const ORDERS = {
  '<': (order: number) => order < 0,
  '<=': (order: number) => order <= 0,
  '>': (order: number) => order > 0,
  '>=': (order: number) => order >= 0,
} as const;

/** Values of different types are different, but for ints and doubles. */
export function equal(left: Value, right: Value, budget: Budget): boolean {
  budget.spend(1);
  if (typeof left === 'string' && typeof right === 'string') {
    budget.spend(Math.min(stepsFor(left), stepsFor(right)));
    return left === right;
  }
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right) === 0;
  if (isList(left) && isList(right)) {
    return left.length === right.length && left.every((one, i) => equal(one, right[i] ?? null, budget));
  }
  if (isMap(left) && isMap(right)) {
    if (left.size !== right.size) return false;
    for (const [key, value] of left) {
      const other = right.get(key);
      if (other === undefined || !equal(value, other, budget)) return false;
    }
    return true;
  }
  if (isTimestamp(left) && isTimestamp(right)) return left.ns === right.ns;
  if (isDuration(left) && isDuration(right)) return left.ns === right.ns;
  return left === right;
}

function isIn(sought: Value, within: Value, at: number, budget: Budget): Result {
  if (isMap(within)) return within.has(asKey(sought));
  if (!isList(within)) return new Failure('in something that is neither a list nor a map', at);
  return within.some((one) => equal(sought, one, budget));
}

/** 1.0 finds what 1 does. */
export function asKey(value: Value): Value {
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value;
}

function isNumber(value: Value): value is bigint | number {
  return typeof value === 'bigint' || typeof value === 'number';
}

/** Less than, equal to or greater than 0; NaN where one is not a number, undefined where they have no order. */
function compare(left: Value, right: Value, budget: Budget): number | undefined {
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right);
  if (typeof left === 'string' && typeof right === 'string') {
    budget.spend(stepsFor(left) + stepsFor(right));
    // By code points, which UTF-8 keeps in order and UTF-16 does not.
    return Buffer.compare(Buffer.from(left), Buffer.from(right));
  }
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  if (isTimestamp(left) && isTimestamp(right)) return compareNumbers(left.ns, right.ns);
  if (isDuration(left) && isDuration(right)) return compareNumbers(left.ns, right.ns);
  return undefined;
}

function compareNumbers(left: bigint | number, right: bigint | number): number {
  // An int is compared with a double as the double that is next to it.
  const [one, other] = typeof left === typeof right ? [left, right] : [Number(left), Number(right)];
  if (one < other) return -1;
  if (one > other) return 1;
  return one === other ? 0 : NaN;
}

function sum(left: Value, right: Value, at: number, budget: Budget): Result | undefined {
  if (typeof left === 'string' && typeof right === 'string') {
    budget.spend(stepsFor(left) + stepsFor(right));
    return left + right;
  }
  if (isList(left) && isList(right)) {
    budget.spend(left.length + right.length);
    return [...left, ...right];
  }
  if (isDuration(right) && isTimestamp(left)) return moment(left.ns + right.ns, at);
  if (isDuration(left) && isDuration(right)) return span(left.ns + right.ns, at);
  if (typeof left === 'bigint' && typeof right === 'bigint') return int(left + right, at);
  return typeof left === 'number' && typeof right === 'number' ? left + right : undefined;
}

function arithmetic(op: '-' | '*' | '/' | '%', left: Value, right: Value, at: number): Result | undefined {
  if (op === '-') {
    if (isTimestamp(left) && isTimestamp(right)) return span(left.ns - right.ns, at);
    if (isTimestamp(left) && isDuration(right)) return moment(left.ns - right.ns, at);
    if (isDuration(left) && isDuration(right)) return span(left.ns - right.ns, at);
  }
  if (typeof left === 'bigint' && typeof right === 'bigint') {
    if ((op === '/' || op === '%') && right === 0n) return new Failure('division by zero', at);
    // As Go has it, for what is left too.
    if (op === '%' && left === MIN_INT && right === -1n) return new Failure('integer overflow', at);
    return int(INTS[op](left, right), at);
  }
  if (typeof left !== 'number' || typeof right !== 'number' || op === '%') return undefined;
  return DOUBLES[op](left, right);
}

const INTS = {
  '-': (a: bigint, b: bigint) => a - b,
  '*': (a: bigint, b: bigint) => a * b,
  '/': (a: bigint, b: bigint) => a / b,
  '%': (a: bigint, b: bigint) => a % b,
} as const;

const DOUBLES = {
  '-': (a: number, b: number) => a - b,
  '*': (a: number, b: number) => a * b,
  '/': (a: number, b: number) => a / b,
} as const;

function moment(ns: bigint, at: number): Result {
  return timestamp(ns) ?? new Failure('a time outside of the years 1 to 9999', at);
}

function span(ns: bigint, at: number): Result {
  return duration(ns) ?? new Failure('a duration of more than 292 years', at);
}
