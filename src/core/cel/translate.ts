/**
 * From what the parser makes of a source to steps that find its value, and pay for each from a budget: the library's own evaluation
 * has no bound. What cannot be done here is said with its place, before anything is evaluated.
 */
import type { ASTNode } from '@marcbachmann/cel-js';
import type { Budget } from './budget.ts';
import { FUNCTIONS, METHODS } from './functions.ts';
import { apply, asKey, int, type BinaryOperator } from './operators.ts';
import { compilePattern, sizeFromAbove, stepsToMatch } from './pattern.ts';
import { Failure, isList, isMap, type Result, type Value } from './value.ts';

/** What one evaluation is made with. */
export interface Run {
  budget: Budget;
  variable: (name: string) => Value | undefined;
}

/** The variables of comprehensions around a step, the innermost first. */
interface Scope {
  name: string;
  value: Result;
  outer: Scope | undefined;
}

export type Step = (run: Run, scope?: Scope) => Result;

/** What is wrong with a source, and where: in characters from its beginning. */
export class Untranslatable extends Error {
  override name = 'Untranslatable';
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** So deep parts of an expression may be in one another: `a || b || c` is two deep. Each is a call within a call. */
const MOST_DEPTH = 100;

/** The instructions of all patterns of an expression together: to compile so many takes some ten milliseconds. */
const MOST_PATTERN_SIZE = 10_000;

/**
 * Lists and maps that an expression makes hold no others that it makes. The type checker remembers each type that it has ever met, and
 * of lists of maps of lists there are as many as somebody cares to write.
 */
const MOST_NESTED = 1;

interface Part {
  step: Step;
  /** How many lists and maps made by the expression may be within one another in its value. */
  nested: number;
}

interface Around {
  variables: ReadonlySet<string>;
  /** Those that it reads are added. */
  uses: Set<string>;
  /** How deep the values of the comprehensions' variables are. */
  bound: ReadonlyMap<string, number>;
  depth: number;
  /** Counts down. */
  patterns: { left: number };
}

export interface Translated {
  step: Step;
  /** The variables that it reads. */
  uses: ReadonlySet<string>;
}

/** @throws Untranslatable */
export function translate(ast: ASTNode, variables: ReadonlySet<string>): Translated {
  const uses = new Set<string>();
  const patterns = { left: MOST_PATTERN_SIZE };
  const { step } = partOf(ast, { variables, uses, bound: new Map(), depth: 0, patterns });
  return { step, uses };
}

function partOf(node: ASTNode, outer: Around): Part {
  const around = { ...outer, depth: outer.depth + 1 };
  if (around.depth > MOST_DEPTH) throw new Untranslatable('too many parts within one another', node.start);
  const { step, nested } = translated(node, around);
  if (nested > MOST_NESTED)
    throw new Untranslatable(
      'a list or map that the expression makes cannot hold another one that it makes',
      node.start,
    );
  return {
    nested,
    step(run, scope) {
      run.budget.spend(1);
      return step(run, scope);
    },
  };
}

function translated(node: ASTNode, around: Around): Part {
  // Of a field, where its name stands; of everything else, where it begins.
  const at = node.pos;
  switch (node.op) {
    case 'value':
      return literal(node.args, at);
    case 'id':
      return identifier(node.args, at, around);
    case '.':
      return select(partOf(node.args[0], around), node.args[1], at);
    case '[]':
      return index(partOf(node.args[0], around), partOf(node.args[1], around), at);
    case 'call':
      return call(node.args[0], node.args[1], at, around);
    case 'rcall':
      return method(node.args, at, around);
    case 'list':
      return list(node.args.map((item) => partOf(item, around)));
    case 'map':
      return map(node.args, at, around);
    case '?:':
      return ternary(node.args, around);
    case '||':
      return logical(true, node.args, around);
    case '&&':
      return logical(false, node.args, around);
    case '!_':
      return unary(partOf(node.args, around), (value) =>
        typeof value === 'boolean' ? !value : new Failure('! of what is no bool', at),
      );
    case '-_':
      // The least int is written with a number that is none.
      if (node.args.op === 'value' && typeof node.args.args === 'bigint') return literal(-node.args.args, at);
      return unary(partOf(node.args, around), (value) => {
        if (typeof value === 'bigint') return int(-value, at);
        return typeof value === 'number' ? -value : new Failure('- of what is no number', at);
      });
    case '.?':
    case '[?]':
      throw new Untranslatable('optional values are not supported: use has()', at);
    case '==':
    case '!=':
      if (isAmbiguous(node.op, node.args))
        throw new Untranslatable(`parentheses must say what ${node.op} is of`, at);
      return binary(node.op, partOf(node.args[0], around), partOf(node.args[1], around), at);
    case '<':
    case '<=':
    case '>':
    case '>=':
    case 'in':
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return binary(node.op, partOf(node.args[0], around), partOf(node.args[1], around), at);
  }
}

const ORDERS = ['<', '<=', '>', '>=', 'in'];

/** Comments and texts, in which a parenthesis is none. */
const QUIET = /\/\/.*|("""|'''|"|')(?:\\[^]|[^\\])*?\1/g;

/**
 * `a == b in c` is `(a == b) in c`: CEL has one rank for all of these. The parser has a lower one for == and !=, and does not say
 * where parentheses are: none are around the right side where none are open at its operator.
 */
function isAmbiguous(op: string, [left, right]: readonly [ASTNode, ASTNode]): boolean {
  if (!ORDERS.includes(right.op)) return false;
  const [, second] = right.args as [ASTNode, ASTNode];
  const source = right.input.slice(left.end, second.start).replace(QUIET, ' ');
  const before = source.slice(source.indexOf(op), source.lastIndexOf(right.op));
  return before.split('(').length <= before.split(')').length;
}

function isScalar(value: unknown): value is string | bigint | number | boolean {
  return ['string', 'bigint', 'number', 'boolean'].includes(typeof value);
}

function literal(value: unknown, at: number): Part {
  if (typeof value === 'bigint' && int(value, at) instanceof Failure)
    throw new Untranslatable('an int has 64 bits', at);
  if (value === null || isScalar(value)) return { step: () => value, nested: 0 };
  throw new Untranslatable('bytes and unsigned integers are not supported', at);
}

function identifier(name: string, at: number, { variables, uses, bound }: Around): Part {
  const nested = bound.get(name);
  if (nested !== undefined)
    return {
      nested,
      step({ budget }, scope) {
        let found = scope;
        while (found && found.name !== name) {
          budget.spend(1);
          found = found.outer;
        }
        return found ? found.value : new Failure(`no variable ${name}`, at);
      },
    };
  if (!variables.has(name))
    throw new Untranslatable(`no variable ${name}: there are ${[...variables].join(', ')}`, at);
  uses.add(name);
  return { nested: 0, step: ({ variable }) => variable(name) ?? new Failure(`no variable ${name}`, at) };
}

function select({ step, nested }: Part, field: string, at: number): Part {
  return {
    nested: Math.max(0, nested - 1),
    step(run, scope) {
      const of = step(run, scope);
      if (of instanceof Failure) return of;
      return (isMap(of) ? of.get(field) : undefined) ?? absent(of, field, at);
    },
  };
}

/** A field that is there and null is null. */
function absent(of: Value, field: string, at: number): Result {
  return isMap(of) && of.has(field) ? null : new Failure(`no ${field} there`, at);
}

function index(of: Part, by: Part, at: number): Part {
  return {
    nested: Math.max(0, of.nested - 1),
    step(run, scope) {
      const [container, key] = [of.step(run, scope), by.step(run, scope)];
      if (container instanceof Failure) return container;
      if (key instanceof Failure) return key;
      if (isMap(container)) return container.get(asKey(key)) ?? absentKey(container, key, at);
      const place = asKey(key);
      const item = isList(container) && typeof place === 'bigint' ? container[Number(place)] : undefined;
      return item === undefined ? new Failure('nothing at that index', at) : item;
    },
  };
}

function absentKey(of: ReadonlyMap<Value, Value>, key: Value, at: number): Result {
  return of.has(asKey(key)) ? null : new Failure('no such key', at);
}

function list(items: readonly Part[]): Part {
  return {
    nested: 1 + Math.max(0, ...items.map(({ nested }) => nested)),
    step: (run, scope) => valuesOf(items, run, scope),
  };
}

/** The values of all, or the first failure. */
function valuesOf(parts: readonly Part[], run: Run, scope: Scope | undefined): Value[] | Failure {
  const values: Value[] = [];
  for (const { step } of parts) {
    const value = step(run, scope);
    if (value instanceof Failure) return value;
    values.push(value);
  }
  return values;
}

function map(entries: readonly (readonly [ASTNode, ASTNode])[], at: number, around: Around): Part {
  const keys = entries.map(([{ op, args, start }]) => {
    if (op !== 'value' || !['string', 'bigint', 'boolean'].includes(typeof args))
      throw new Untranslatable('the keys of a map are written out: texts, ints or bools', start);
    return args as Value;
  });
  if (new Set(keys).size < keys.length) throw new Untranslatable('a map with a key twice', at);
  const values = entries.map(([, value]) => partOf(value, around));
  return {
    nested: 1 + Math.max(0, ...values.map(({ nested }) => nested)),
    step(run, scope) {
      const found = valuesOf(values, run, scope);
      return found instanceof Failure ? found : new Map(keys.map((key, i) => [key, found[i] ?? null]));
    },
  };
}

function ternary([condition, yes, no]: readonly [ASTNode, ASTNode, ASTNode], around: Around): Part {
  const [is, then, otherwise] = [partOf(condition, around), partOf(yes, around), partOf(no, around)];
  // Steps hold places and names, and nothing of what was parsed.
  const at = condition.pos;
  return {
    nested: Math.max(then.nested, otherwise.nested),
    step(run, scope) {
      const chosen = is.step(run, scope);
      if (typeof chosen !== 'boolean') return noBool(chosen, at);
      return (chosen ? then : otherwise).step(run, scope);
    },
  };
}

/** Either side decides, whatever is wrong with the other: `false && <error>` and `<error> && false` are both false. */
function logical(decides: boolean, [left, right]: readonly [ASTNode, ASTNode], around: Around): Part {
  const [first, second] = [partOf(left, around), partOf(right, around)];
  const [leftAt, rightAt] = [left.pos, right.pos];
  return {
    nested: 0,
    step(run, scope) {
      const one = first.step(run, scope);
      if (one === decides) return decides;
      const other = second.step(run, scope);
      if (other === decides) return decides;
      if (typeof one !== 'boolean') return noBool(one, leftAt);
      return typeof other === 'boolean' ? other : noBool(other, rightAt);
    },
  };
}

function noBool(value: Result, at: number): Failure {
  return value instanceof Failure ? value : new Failure('no bool', at);
}

function unary({ step }: Part, of: (value: Value) => Result): Part {
  return {
    nested: 0,
    step(run, scope) {
      const value = step(run, scope);
      return value instanceof Failure ? value : of(value);
    },
  };
}

function binary(op: BinaryOperator, left: Part, right: Part, at: number): Part {
  return {
    nested: op === '+' ? Math.max(left.nested, right.nested) : 0,
    step(run, scope) {
      const one = left.step(run, scope);
      if (one instanceof Failure) return one;
      const other = right.step(run, scope);
      return other instanceof Failure ? other : apply(op, one, other, at, run.budget);
    },
  };
}

function call(name: string, args: readonly ASTNode[], at: number, around: Around): Part {
  if (name === 'has') return has(args, at, around);
  const called = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (!called) throw new Untranslatable(`no function ${name}`, at);
  return applied(name, called, args, at, around);
}

function applied(
  name: string,
  called: (typeof FUNCTIONS)[string],
  args: readonly ASTNode[],
  at: number,
  around: Around,
): Part {
  const parts = args.map((arg) => partOf(arg, around));
  return {
    nested: name === 'split' ? 1 : 0,
    step(run, scope) {
      const values = valuesOf(parts, run, scope);
      if (values instanceof Failure) return values;
      const result = called({ at, budget: run.budget }, ...values);
      return result === undefined ? new Failure(`no ${name}() of such values`, at) : result;
    },
  };
}

/** Whether the field is there. That something on the way to it is not is a failure, as in Kubernetes. */
function has([argument]: readonly ASTNode[], at: number, around: Around): Part {
  if (argument?.op !== '.') throw new Untranslatable('has() takes a field, as in has(grant.spec.limits)', at);
  const [of, field] = argument.args;
  return unary(partOf(of, around), (value) =>
    isMap(value) ? value.has(field) : new Failure(`has() of a field ${field} of what has none`, at),
  );
}

function method(
  [name, receiver, args]: readonly [string, ASTNode, readonly ASTNode[]],
  at: number,
  around: Around,
): Part {
  if (receiver.op === 'id' && receiver.args === 'cel' && name === 'bind') return bind(args, at, around);
  if (Object.hasOwn(COMPREHENSIONS, name))
    return comprehension(name as keyof typeof COMPREHENSIONS, receiver, args, at, around);
  if (name === 'matches') return matches(receiver, args, at, around);
  const called = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  if (!called) throw new Untranslatable(`no method ${name}`, at);
  return applied(name, called, [receiver, ...args], at, around);
}

/** The pattern is a literal: it is compiled here, once, and how much it costs to match is known. */
function matches(receiver: ASTNode, [pattern]: readonly ASTNode[], at: number, around: Around): Part {
  if (pattern?.op !== 'value' || typeof pattern.args !== 'string')
    throw new Untranslatable('the pattern of matches() is written out', pattern?.start ?? at);
  around.patterns.left -= sizeFromAbove(pattern.args);
  if (around.patterns.left < 0)
    throw new Untranslatable('the patterns of the expression are too large together', pattern.start);
  const compiled = patternAt(pattern.args, pattern.start);
  return unaryWithBudget(partOf(receiver, around), (text, budget) => {
    if (typeof text !== 'string') return new Failure('matches() of what is no text', at);
    budget.spend(stepsToMatch(compiled, text));
    return compiled.matches(text);
  });
}

function patternAt(pattern: string, at: number) {
  try {
    return compilePattern(pattern);
  } catch (error) {
    throw new Untranslatable(error instanceof Error ? error.message : 'no pattern', at);
  }
}

function unaryWithBudget({ step }: Part, of: (value: Value, budget: Budget) => Result): Part {
  return {
    nested: 0,
    step(run, scope) {
      const value = step(run, scope);
      return value instanceof Failure ? value : of(value, run.budget);
    },
  };
}

function bind(args: readonly ASTNode[], at: number, around: Around): Part {
  const [variable, value, within] = args;
  if (variable?.op !== 'id' || !value || !within || args.length !== 3)
    throw new Untranslatable('cel.bind() takes a name, a value and an expression', at);
  const name = variable.args;
  const bound = partOf(value, around);
  const body = partOf(within, {
    ...around,
    bound: new Map([...around.bound, [name, bound.nested]]),
  });
  return {
    nested: body.nested,
    step: (run, outer) => body.step(run, { name, value: bound.step(run, outer), outer }),
  };
}

/** What becomes of the entries: each gets them one after the other, with what its last expression says of an entry. */
type Comprehension = (items: readonly Value[], of: (item: Value) => Result, at: number) => Result;

const COMPREHENSIONS = {
  all: (items, of, at) => quantified(false, items, of, at),
  exists: (items, of, at) => quantified(true, items, of, at),
  exists_one(items, of, at) {
    const kept = filtered(items, of, at);
    return kept instanceof Failure ? kept : kept.length === 1;
  },
  filter: filtered,
  map(items, of) {
    const values: Value[] = [];
    for (const item of items) {
      const value = of(item);
      if (value instanceof Failure) return value;
      values.push(value);
    }
    return values;
  },
} as const satisfies Record<string, Comprehension>;

/** One entry decides, whatever is wrong with others. */
function quantified(
  decides: boolean,
  items: readonly Value[],
  of: (item: Value) => Result,
  at: number,
): Result {
  let failure: Failure | undefined;
  for (const item of items) {
    const said = of(item);
    if (said === decides) return decides;
    if (typeof said !== 'boolean') failure ??= noBool(said, at);
  }
  return failure ?? !decides;
}

function filtered(items: readonly Value[], of: (item: Value) => Result, at: number): Value[] | Failure {
  const kept: Value[] = [];
  for (const item of items) {
    const said = of(item);
    if (typeof said !== 'boolean') return noBool(said, at);
    if (said) kept.push(item);
  }
  return kept;
}

function comprehension(
  name: keyof typeof COMPREHENSIONS,
  receiver: ASTNode,
  args: readonly ASTNode[],
  at: number,
  around: Around,
): Part {
  const [variable, ...bodies] = args;
  const isFiltered = name === 'map' && bodies.length === 2;
  if (variable?.op !== 'id' || (bodies.length !== 1 && !isFiltered))
    throw new Untranslatable(`${name}() takes a name and an expression`, at);
  const entry = variable.args;
  const over = partOf(receiver, around);
  const within = {
    ...around,
    bound: new Map([...around.bound, [entry, Math.max(0, over.nested - 1)]]),
  };
  const parts = bodies.map((body) => partOf(body, within));
  const last = parts.at(-1);
  const first = isFiltered ? parts[0] : undefined;
  if (!last) throw new Untranslatable(`${name}() takes a name and an expression`, at);
  return {
    nested: name === 'map' ? 1 + last.nested : name === 'filter' ? over.nested : 0,
    step(run, outer) {
      const container = over.step(run, outer);
      if (container instanceof Failure) return container;
      if (!isList(container) && !isMap(container))
        return new Failure(`${name}() of what is neither a list nor a map`, at);
      run.budget.spend(isMap(container) ? container.size : 1);
      const said =
        ({ step }: Part) =>
        (value: Value) =>
          step(run, { name: entry, value, outer });
      const items = isMap(container) ? [...container.keys()] : container;
      const chosen = first ? filtered(items, said(first), at) : items;
      return chosen instanceof Failure ? chosen : COMPREHENSIONS[name](chosen, said(last), at);
    },
  };
}
