/** How the shape of a pod is written down in pod-schema.ts, which is generated. */
import type { POD_SCHEMA } from './pod-schema.ts';

/**
 * What a single value is. A quantity is a string or a number (apimachinery, api/resource), an intOrString what it says
 * (apimachinery, util/intstr), a time a string; an object is one that nobody but its owner looks into (FieldsV1).
 */
export type Scalar =
  'string' | 'integer' | 'number' | 'boolean' | 'quantity' | 'intOrString' | 'time' | 'object';

/** A definition by its short name, which begins with a capital: `Container`. */
export type Definition = Capitalize<string>;

export type Item = Scalar | Definition;

/** One value, `[list]` of them, or `{map}` from strings to them. */
export type Shape = Item | `[${Item}]` | `{${Item}}`;

/** The shape of every field of every definition. */
export type Schema = Readonly<Record<string, Readonly<Record<string, Shape>>>>;

type PodSchema = typeof POD_SCHEMA;

/** A definition that a pod is made of. */
export type PodDefinition = keyof PodSchema;

type LeafShape = Scalar | `[${Scalar}]` | `{${Scalar}}`;

/** The fields of a definition that hold no other definition: scalars, and lists and maps of them. */
export type LeafOf<D extends PodDefinition> = {
  [F in keyof PodSchema[D] & string]: PodSchema[D][F] extends LeafShape ? F : never;
}[keyof PodSchema[D] & string];

/** What a shape is of, one or many. */
export function itemOf(shape: Shape): Item {
  return (/^[[{]/.test(shape) ? shape.slice(1, -1) : shape) as Item;
}

export function isDefinition(item: Item): item is Definition {
  return /^[A-Z]/.test(item);
}

/** Whether a field of this shape holds no other definition. */
export function isLeaf(shape: Shape): boolean {
  return !isDefinition(itemOf(shape));
}
