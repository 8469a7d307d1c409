/**
 * The vocabulary in which the two kinds are written down, once: TypeBox schemas are at the same time the
 * TypeScript types and (through crd.ts) the structural OpenAPI v3 schemas of the CRDs.
 *
 * Every string, list and map has a maximum. The API server multiplies those maxima into the estimated cost of
 * each CEL rule and rejects a CRD whose rules might cost too much, and etcd objects are bounded anyway
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#resource-use-by-validation-functions).
 */
import { Type, type Static, type TObject, type TProperties, type TSchema, type TUnsafe } from 'typebox';

export { Type, type Static, type TProperties, type TSchema };

/** A rule in CEL that the API server evaluates itself, and the message with which it refuses. */
export interface CelRule {
  rule: string;
  message?: string;
  messageExpression?: string;
  fieldPath?: string;
  reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired' | 'FieldValueDuplicate';
}

interface Described {
  description: string;
}

/** A string of one of the given values. */
export function oneOf<const Values extends readonly string[]>(
  values: Values,
  options: Described & { default?: Values[number] },
): TUnsafe<Values[number]> {
  return Type.Unsafe<Values[number]>({ type: 'string', enum: values, ...options });
}

export function text(
  options: Described & {
    maxLength: number;
    minLength?: number;
    pattern?: string;
    format?: string;
    default?: string;
    'x-kubernetes-validations'?: CelRule[];
  },
) {
  return Type.String({ ...options });
}

/** The schema with further rules in CEL. */
export function withRules<Schema extends TSchema>(schema: Schema, rules: CelRule[]): Schema {
  const { 'x-kubernetes-validations': before = [] } = schema as { 'x-kubernetes-validations'?: CelRule[] };
  // With its property descriptors, since TypeBox keeps what is optional in hidden ones.
  const copy = Object.create(Object.prototype, Object.getOwnPropertyDescriptors(schema)) as Schema;
  return Object.assign(copy, { 'x-kubernetes-validations': [...before, ...rules] });
}

/** An RFC 3339 time, as the API server writes them. */
export function time(options: Described) {
  return Type.String({ format: 'date-time', maxLength: 64, ...options });
}

/** A whole number of 32 bits. */
export function integer(options: Described & { minimum: number; maximum: number; default?: number }) {
  return Type.Integer({ format: 'int32', ...options });
}

export function flag(options: Described & { default?: boolean }) {
  return Type.Boolean({ ...options });
}

/** An object; fields are required unless optional() or with a default. */
export function record<Fields extends TProperties>(
  fields: Fields,
  options: Described & { default?: object; 'x-kubernetes-validations'?: CelRule[] },
): TObject<Fields> {
  return Type.Object(fields, { ...options });
}

/** A list whose order means something, or that is replaced as a whole. */
export function list<Item extends TSchema>(
  item: Item,
  options: Described & {
    maxItems: number;
    minItems?: number;
    default?: Static<Item>[];
    'x-kubernetes-validations'?: CelRule[];
  },
) {
  return Type.Array(item, { 'x-kubernetes-list-type': 'atomic', ...options });
}

/** A list without repetitions, whose entries server-side apply merges one by one. */
export function set<Item extends TSchema>(
  item: Item,
  options: Described & { maxItems: number; minItems?: number },
) {
  return Type.Array(item, { 'x-kubernetes-list-type': 'set', ...options });
}

/** A list of objects told apart by one of their fields. */
export function mapBy<Item extends TSchema>(
  key: keyof Static<Item> & string,
  item: Item,
  options: Described & { maxItems: number; 'x-kubernetes-validations'?: CelRule[] },
) {
  return Type.Array(item, {
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': [key],
    ...options,
  });
}

/** Free keys with strings as values. */
export function stringMap(options: Described & { maxProperties: number; maxLength: number }) {
  const { maxLength, ...rest } = options;
  return Type.Unsafe<Record<string, string>>({
    type: 'object',
    additionalProperties: { type: 'string', maxLength },
    ...rest,
  });
}

/** Free keys with lists of strings as values, as in userInfo.extra. */
export function stringListMap(
  options: Described & { maxProperties: number; maxItems: number; maxLength: number },
) {
  const { maxItems, maxLength, ...rest } = options;
  return Type.Unsafe<Record<string, string[]>>({
    type: 'object',
    additionalProperties: { type: 'array', maxItems, items: { type: 'string', maxLength } },
    ...rest,
  });
}

export const optional = Type.Optional;

/** metav1.Condition, with the API conventions' own limits (k8s.io/apimachinery/pkg/apis/meta/v1, Condition). */
export function conditions<const Types extends readonly string[], const Reasons extends readonly string[]>(
  types: Types,
  _reasons: Reasons,
  options: Described,
) {
  return mapBy(
    'type',
    record(
      {
        type: Type.Unsafe<Types[number]>({
          type: 'string',
          maxLength: 316,
          description: `One of ${types.join(', ')}.`,
        }),
        status: oneOf(['True', 'False', 'Unknown'], { description: 'True, False or Unknown.' }),
        reason: Type.Unsafe<Reasons[number]>({
          type: 'string',
          minLength: 1,
          maxLength: 1024,
          pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$',
          description: 'A machine-readable reason for the last transition.',
        }),
        message: text({ maxLength: 32768, description: 'What is the case, for people.' }),
        lastTransitionTime: time({ description: 'When the status last changed.' }),
        observedGeneration: optional(
          Type.Integer({
            format: 'int64',
            minimum: 0,
            maximum: Number.MAX_SAFE_INTEGER,
            description: 'The generation of the object that this was said of.',
          }),
        ),
      },
      { description: 'One aspect of the current state.' },
    ),
    { maxItems: 16, ...options },
  );
}

/**
 * A duration as Kubernetes writes them, in hours, minutes and seconds ("1h30m"): unambiguous in Go, in CEL's
 * duration() and in core/duration.ts. At most five digits a unit, so that none of the three can overflow.
 */
export const DURATION_PATTERN = '^([0-9]{1,5}h)?([0-9]{1,5}m)?([0-9]{1,5}s)?$';

/**
 * @param rules may take it that `self` is one: what is none is refused with a message of its own. That is why it is no `pattern`,
 *   whose message is the pattern.
 */
export function duration(options: Described & { default?: string }, rules: CelRule[] = []) {
  const isDuration = `(self != '' && self.matches('${DURATION_PATTERN}'))`;
  return withRules(Type.String({ minLength: 2, maxLength: 18, ...options }), [
    {
      rule: isDuration,
      message: 'must be hours, minutes and seconds in this order, such as 1h30m, 15m or 45s; a day is 24h',
    },
    ...rules.map((rule) => ({ ...rule, rule: `!${isDuration} || ${rule.rule}` })),
  ]);
}
