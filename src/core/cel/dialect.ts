/** Expressions with certain variables: compiled and type-checked when they are declared, and evaluated within a budget. */
import { Environment } from '@marcbachmann/cel-js';
import { BudgetExhausted, budgetOf, STEPS_PER_DECISION } from './budget.ts';
import { translate, Untranslatable, type Translated } from './translate.ts';
import { Failure, fromJson, type Value } from './value.ts';

/**
 * The type of a variable or field: a name of CEL's (`string`, `list<string>`, `dyn`), or the fields of an object, or a list of those.
 * Of what has declared fields no others can be named.
 */
export type Declared = string | { fields: Fields } | { list: Declared };
export interface Fields {
  readonly [name: string]: Declared;
}

/** The longest source, in characters: as in the CRDs. */
export const MAX_SOURCE_LENGTH = 10_240;

/** The library's own is a hundred thousand, of a few hundred bytes each. */
const MOST_PARTS = 2000;

export interface Compiled extends Translated {
  source: string;
}

/** Why a source cannot be evaluated. */
export interface Fault {
  message: string;
  /** Both from 1. */
  line: number;
  column: number;
}

/** What an expression says: yes, no, or that it cannot be told, with the reason. The reason names no data. */
export type Verdict = boolean | { error: string };

export interface Dialect {
  compile: (source: string) => Compiled | Fault;
}

export function isFault(compiled: Compiled | Fault): compiled is Fault {
  return 'message' in compiled;
}

/** So much source is kept compiled, in characters; compiled it takes up to a hundred times that. */
const MOST_KEPT = 65_536;

export function createDialect(variables: Fields): Dialect {
  const names = new Set(Object.keys(variables));
  const base = new Environment({ limits: { maxAstNodes: MOST_PARTS, maxDepth: 100 } });
  base.registerType(SCRATCH, { fields: { nothing: 'bool' } });
  for (const signature of NOT_KNOWN) base.registerFunction(signature, () => null);
  for (const [name, type] of Object.entries(variables))
    base.registerVariable(name, registered(base, `taskgrant.${name}`, type));
  const kept = new Map<string, Compiled | Fault>();
  let keptLength = 0;
  return {
    compile(source) {
      const known = kept.get(source);
      const compiled = known ?? compileIn(base, source, names);
      // The last used is the last to go.
      kept.delete(source);
      kept.set(source, compiled);
      if (!known) keptLength += source.length;
      for (const oldest of kept.keys()) {
        if (keptLength <= MOST_KEPT) break;
        kept.delete(oldest);
        keptLength -= oldest.length;
      }
      return compiled;
    },
  };
}

/** The name of the type, which is made known where it has fields. */
function registered(base: Environment, name: string, type: Declared): string {
  if (typeof type === 'string') return type;
  if ('list' in type) return `list<${registered(base, name, type.list)}>`;
  const fields = Object.fromEntries(
    Object.entries(type.fields).map(([field, of]) => [field, registered(base, `${name}.${field}`, of)]),
  );
  base.registerType(name, { fields });
  return name;
}

/** What CEL has and the library's type checker has not. */
const NOT_KNOWN = [
  'string(google.protobuf.Timestamp): string',
  'string(google.protobuf.Duration): string',
  'int(google.protobuf.Timestamp): int',
];

const SCRATCH = 'taskgrant.Nothing';

/**
 * The library remembers each function that is asked for, whether it is there or not, and each pair of types that an operator met:
 * what somebody made up would stay. An environment with a function and an operator of its own has its own memory, and is thrown away.
 */
function scratch(base: Environment): Environment {
  return base
    .clone()
    .registerFunction('taskgrantNothing(): bool', () => true)
    .registerOperator(`${SCRATCH} * ${SCRATCH}`, (left: unknown) => left);
}

function compileIn(base: Environment, source: string, names: ReadonlySet<string>): Compiled | Fault {
  if (source.length > MAX_SOURCE_LENGTH)
    return { message: `longer than ${MAX_SOURCE_LENGTH} characters`, line: 1, column: 1 };
  try {
    const parsed = scratch(base).parse(source);
    const translated = translate(parsed.ast, names);
    // Only after that: it goes as deep as the expression does.
    const { valid, type, error } = parsed.check();
    if (!valid) return faultFrom(error, source);
    if (type !== 'bool')
      return faultAt(`must be a bool, and is of type ${type ?? 'unknown'}`, parsed.ast.pos, source);
    return { source, ...translated };
  } catch (error) {
    return faultFrom(error, source);
  }
}

function faultAt(message: string, at: number, source: string): Fault {
  return { message, ...placeOf(at, source) };
}

/** Whatever the library throws: some of it has a place, and a chain of ten thousand exclamation marks is a RangeError. */
function faultFrom(error: unknown, source: string): Fault {
  if (error instanceof Untranslatable) return faultAt(error.message, error.at, source);
  if (error instanceof RangeError) return faultAt('too many parts within one another', 0, source);
  const { summary, range, message } = error as Partial<Record<'summary' | 'message', string>> & {
    range?: { start: number };
  };
  return faultAt(oneLine(summary ?? message ?? 'cannot be compiled'), range?.start ?? 0, source);
}

function oneLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

function placeOf(start: number, source: string): { line: number; column: number } {
  const before = source.slice(0, start).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** The expressions of one decision: they share what they are evaluated on, and the budget. */
export interface Evaluation {
  judge(expression: Compiled): Verdict;
}

/** @param values JSON, and Dates for times; a variable that is none of them cannot be read */
export function evaluationOf(
  values: Readonly<Record<string, unknown>>,
  steps: number = STEPS_PER_DECISION,
): Evaluation {
  const budget = budgetOf(steps);
  const known = new Map<string, Value>();
  const variable = (name: string): Value | undefined => {
    const before = known.get(name);
    if (before !== undefined || !Object.hasOwn(values, name)) return before;
    const value = fromJson(values[name], budget);
    known.set(name, value);
    return value;
  };
  return {
    judge({ step, source }) {
      try {
        const result = step({ budget, variable });
        if (typeof result === 'boolean') return result;
        if (!(result instanceof Failure)) return { error: 'it is no bool' };
        const { line, column } = placeOf(result.at, source);
        return { error: `${result.text}, at line ${line}, column ${column}` };
      } catch (error) {
        if (error instanceof BudgetExhausted) return { error: 'it takes too many steps' };
        if (error instanceof RangeError) return { error: 'it goes too deep' };
        throw error;
      }
    },
  };
}
