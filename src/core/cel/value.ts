/** What an expression works on: the values of CEL as far as JSON, times and durations have them. */
import type { Budget } from './budget.ts';

/** A moment, in nanoseconds since the epoch. */
export interface Timestamp {
  readonly kind: 'timestamp';
  readonly ns: bigint;
}

export interface Duration {
  readonly kind: 'duration';
  readonly ns: bigint;
}

/** An int of CEL is a bigint, a double a number. Maps have strings, ints or bools as keys, and no prototype. */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Timestamp
  | Duration
  | readonly Value[]
  | ReadonlyMap<Value, Value>;

/** Why there is no value. It is a value itself, since `false && <error>` is false; it names no data, only what the source says. */
export class Failure {
  readonly text: string;
  /** Where in the source, in characters from its beginning. */
  readonly at: number;
  constructor(text: string, at: number) {
    this.text = text;
    this.at = at;
  }
}

export type Result = Value | Failure;

/**
 * An object or a list of JSON; a Date becomes a timestamp. What is undefined is not there. Each value in it is a step.
 *
 * @throws BudgetExhausted
 */
export function fromJson(json: unknown, budget: Budget): Value {
  budget.spend(1);
  switch (typeof json) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return json;
    case 'number':
      // The API has integers where JSON has numbers without a fraction.
      return Number.isInteger(json) ? BigInt(json) : json;
    case 'object':
      if (json === null) return null;
      if (json instanceof Date) return { kind: 'timestamp', ns: BigInt(json.getTime()) * 1_000_000n };
      if (Array.isArray(json)) return json.map((item) => fromJson(item, budget));
      return new Map(
        Object.entries(json).flatMap(([key, value]) =>
          value === undefined ? [] : [[key, fromJson(value, budget)]],
        ),
      );
    case 'undefined':
    case 'function':
    case 'symbol':
      throw new TypeError(`a ${typeof json} is no JSON`);
  }
}

export function isList(value: Result | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

export function isMap(value: Result | undefined): value is ReadonlyMap<Value, Value> {
  return value instanceof Map;
}

export function isTimestamp(value: Result | undefined): value is Timestamp {
  return kindOf(value) === 'timestamp';
}

export function isDuration(value: Result | undefined): value is Duration {
  return kindOf(value) === 'duration';
}

function kindOf(value: Result | undefined): string | undefined {
  return typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
}
