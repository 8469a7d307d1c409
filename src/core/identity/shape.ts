/**
 * Whether a pod has only the fields, with only the types, that this version of the product knows. What another has may
 * mean anything, identity too, and so is no pod that can be judged.
 */
import { ALWAYS } from './always.ts';
import { POD_SCHEMA, POD_SCHEMA_VERSION } from './pod-schema.ts';
import { isAbsent, isRecord } from '../record.ts';
import {
  isDefinition,
  itemOf,
  type Item,
  type PodDefinition,
  type Scalar,
  type Schema,
  type Shape,
} from './schema.ts';

/** One place where a pod is not as the schema says. */
export interface ShapeFault {
  kind: 'UnknownField' | 'WrongType';
  /** As JSON path: `spec.containers[0].image`, `metadata.labels[app]`; empty where it is the pod as a whole. */
  path: string;
  /** What there should have been: `a field of Container in Kubernetes 1.37.2`, `a list`. */
  expected: string;
  /** Of an unknown field: whose it is not, as in `Container`. */
  of?: string;
  /** The name of the field that is not known, or what there is in place of what was expected: `an object`. */
  found: string;
}

/** More faults than these are not reported: a pod of a few megabytes can have hundreds of thousands. */
export const MAX_SHAPE_FAULTS = 1000;

/** What every object of the API has beside what is its own, and the status, which a pod asks for nothing by. */
const BESIDE = new Set(['apiVersion', 'kind', 'status']);

/**
 * Every fault of a pod, or of anything else that came in place of one, in the order of the object; at most
 * {@link MAX_SHAPE_FAULTS}. Null and undefined are as absent, as the API server takes them, but not as an item of a list.
 * Goes no deeper than the schema does, and not into fields that are not known.
 */
export function shapeFaults(pod: unknown): ShapeFault[] {
  return shapeOf(pod).faults;
}

/** {@link shapeFaults}, and whether there is nothing in the pod that Go reads as something else: no fault, no null, nothing left out. */
export function shapeOf(pod: unknown): { faults: ShapeFault[]; isComplete: boolean } {
  const walk: Walk = { path: [], faults: [], isComplete: true };
  check(POD, pod, walk);
  return { faults: walk.faults, isComplete: walk.isComplete && walk.faults.length === 0 };
}

interface Definition {
  kind: 'definition';
  name: string;
  fields: Map<string, Node>;
  always: readonly string[];
}
/** What a value has to be: a shape with its definitions in place of their names. */
type Node = Definition | { kind: 'list' | 'map'; of: Node } | { kind: 'scalar'; scalar: Scalar };

/** A field, the index of an item, or the key of a map. */
type Step = string | number | readonly [key: string];

interface Walk {
  /** Where the walk is. It is made text only where there is a fault. */
  path: Step[];
  faults: ShapeFault[];
  isComplete: boolean;
}

const POD = linked(POD_SCHEMA, 'Pod');

/** The definition with every other that it leads to, each once. */
function linked(schema: Schema, root: string): Definition {
  const definitions = new Map<string, Definition>();
  const definitionOf = (name: string): Definition => {
    const known = definitions.get(name);
    if (known) return known;
    const always = Object.keys(ALWAYS[name as PodDefinition] ?? {});
    const definition: Definition = { kind: 'definition', name, fields: new Map(), always };
    definitions.set(name, definition);
    for (const [field, shape] of Object.entries(schema[name] ?? {})) {
      definition.fields.set(field, nodeOf(shape));
    }
    return definition;
  };
  const ofItem = (item: Item): Node =>
    isDefinition(item) ? definitionOf(item) : { kind: 'scalar', scalar: item };
  const nodeOf = (shape: Shape): Node => {
    const of = ofItem(itemOf(shape));
    if (shape.startsWith('[')) return { kind: 'list', of };
    return shape.startsWith('{') ? { kind: 'map', of } : of;
  };
  return definitionOf(root);
}

function check(node: Node, value: unknown, walk: Walk): void {
  switch (node.kind) {
    case 'definition':
      if (isRecord(value)) checkFields(node, value, walk);
      else report(node, value, walk);
      return;
    case 'list':
      if (Array.isArray(value)) checkItems(node.of, value, walk);
      else report(node, value, walk);
      return;
    case 'map':
      if (isRecord(value)) checkEntries(node.of, value, walk);
      else report(node, value, walk);
      return;
    case 'scalar':
      if (!isScalar(node.scalar, value)) report(node, value, walk);
  }
}

// `for … in` makes no list of the keys, and takes half the time. What a prototype had would be found too, and refused.
function checkFields(definition: Definition, value: Record<string, unknown>, walk: Walk): void {
  for (const field in value) {
    if (walk.faults.length >= MAX_SHAPE_FAULTS) return;
    const inner = value[field];
    if (isAbsent(inner)) {
      walk.isComplete = false;
      continue;
    }
    const node = definition.fields.get(field);
    if (!node && definition === POD && BESIDE.has(field)) continue;
    walk.path.push(field);
    if (node) check(node, inner, walk);
    else reportUnknown(definition, field, walk);
    walk.path.pop();
  }
  for (const field of definition.always) if (isAbsent(value[field])) walk.isComplete = false;
}

function checkItems(node: Node, items: readonly unknown[], walk: Walk): void {
  for (let index = 0; index < items.length; index++) {
    if (walk.faults.length >= MAX_SHAPE_FAULTS) return;
    walk.path.push(index);
    check(node, items[index], walk);
    walk.path.pop();
  }
}

function checkEntries(node: Node, value: Record<string, unknown>, walk: Walk): void {
  for (const key in value) {
    if (walk.faults.length >= MAX_SHAPE_FAULTS) return;
    const inner = value[key];
    if (isAbsent(inner)) {
      walk.isComplete = false;
      continue;
    }
    walk.path.push([key]);
    check(node, inner, walk);
    walk.path.pop();
  }
}

function isScalar(kind: Scalar, value: unknown): boolean {
  switch (kind) {
    case 'string':
    case 'time':
      return typeof value === 'string';
    case 'boolean':
      return typeof value === 'boolean';
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number';
    case 'quantity':
      return typeof value === 'string' || typeof value === 'number';
    case 'intOrString':
      return typeof value === 'string' || Number.isInteger(value);
    case 'object':
      return isRecord(value);
  }
}

function reportUnknown({ name }: Definition, field: string, { path, faults }: Walk): void {
  const expected = `a field of ${name} in Kubernetes ${POD_SCHEMA_VERSION}`;
  faults.push({ kind: 'UnknownField', path: rendered(path), expected, of: name, found: field });
}

function report(node: Node, value: unknown, { path, faults }: Walk): void {
  faults.push({ kind: 'WrongType', path: rendered(path), expected: wordFor(node), found: typeNameOf(value) });
}

const SCALAR_WORDS: Record<Scalar, string> = {
  string: 'a string',
  time: 'a time',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  quantity: 'a quantity',
  intOrString: 'a whole number or a string',
  object: 'an object',
};

function wordFor(node: Node): string {
  switch (node.kind) {
    case 'definition':
      return `an object (${node.name})`;
    case 'list':
      return 'a list';
    case 'map':
      return 'an object';
    case 'scalar':
      return SCALAR_WORDS[node.scalar];
  }
}

function typeNameOf(value: unknown): string {
  if (isAbsent(value)) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function rendered(path: readonly Step[]): string {
  const steps = path.map((step) => {
    if (typeof step === 'number') return `[${step}]`;
    return typeof step === 'string' ? `.${step}` : `[${step[0]}]`;
  });
  return steps.join('').replace(/^\./, '');
}
