/** What is said of a field of a pod, in groups that share a reason. */
import type { LeafOf, PodDefinition } from './schema.ts';

/**
 * - `Identity`: carries identity by itself, such as a token, a Secret, or a name that others know the pod by.
 * - `Leads`: can lead to one: to a credential, to the node's or another's identity, or decides which program holds it.
 * - `Harmless`: neither. What does something only together with a field that is not harmless, is harmless itself.
 */
export type Verdict = 'Identity' | 'Leads' | 'Harmless';

export interface Ruling {
  verdict: Verdict;
  /** One sentence. */
  why: string;
}

/** A ruling for each field of a group, or of a definition. */
export type Rulings<Field extends string> = Readonly<Record<Field, Ruling>>;

/**
 * A ruling for every leaf of every definition that has one: what is missing is a type error. Of a definition that occurs
 * in several places it says the gravest that is true at one of them.
 */
export type PodSurface = {
  readonly [D in PodDefinition as [LeafOf<D>] extends [never] ? never : D]: Rulings<LeafOf<D>>;
};

const ruling =
  (verdict: Verdict) =>
  <Field extends string>(why: string, ...fields: [Field, ...Field[]]): Rulings<Field> =>
    Object.fromEntries(fields.map((field) => [field, { verdict, why }])) as Record<Field, Ruling>;

export const identity = ruling('Identity');
export const leads = ruling('Leads');
export const harmless = ruling('Harmless');

type FieldOf<Group> = Group extends Rulings<infer Field> ? Field : never;

/**
 * The groups of one definition as one.
 *
 * @throws Error where two of them have the same field.
 */
export function rulings<Groups extends readonly Rulings<string>[]>(
  ...groups: Groups
): Rulings<FieldOf<Groups[number]>> {
  const fields = groups.flatMap((group) => Object.keys(group));
  const twice = fields.find((field, index) => fields.indexOf(field) !== index);
  if (twice !== undefined) throw new Error(`There are two rulings for ${twice}`);
  return Object.assign({}, ...groups) as Rulings<FieldOf<Groups[number]>>;
}
