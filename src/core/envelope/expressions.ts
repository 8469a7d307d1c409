/** What the expressions of classes and grants see: each variable as it is declared, and as it is given. */
import type { TSchema } from '../../api/schema.ts';
import { taskGrantSchema, type RequestedBy, type TaskGrant } from '../../api/taskgrant.ts';
import { createDialect, isFault, type Declared, type Dialect, type Fields } from '../cel/dialect.ts';
import type { Violation } from '../decision/violation.ts';

/**
 * Of the spec all that was asked for, and not what becomes of it: who asked is `requester`, and the rest changes with the grant's life,
 * by others than who asked.
 */
const NOT_ASKED_FOR = ['requestedBy', 'approval', 'suspend', 'revoke'] as const;

type SeenSpec = Omit<TaskGrant['spec'], (typeof NOT_ASKED_FOR)[number]>;

const { requestedBy: REQUESTER = 'dyn', ...SPEC } = fieldsOf(taskGrantSchema.spec);

const GRANT: Declared = {
  fields: {
    metadata: { fields: { name: 'string', namespace: 'string' } },
    spec: { fields: without(SPEC, NOT_ASKED_FOR) },
  },
};

/** Of a namespace, its labels are what classes select by, and what the caches keep. */
const NAMESPACE: Declared = {
  fields: { metadata: { fields: { name: 'string', labels: 'map<string, string>' } } },
};

/** Named as in ValidatingAdmissionPolicies: `namespace` is a word that CEL keeps for itself. */
const COMMON = { grant: GRANT, requester: REQUESTER, namespaceObject: NAMESPACE } as const;

/** What is decided about: only what the action has is there. */
const REQUEST: Declared = {
  fields: {
    action: 'string',
    time: 'google.protobuf.Timestamp',
    pod: 'dyn',
    token: { fields: { audiences: 'list<string>', expirationSeconds: 'int' } },
    certificate: { fields: { signerName: 'string', maxExpirationSeconds: 'int' } },
  },
};

/** Of spec.validations of a class. */
export const VALIDATIONS: Dialect = createDialect(COMMON);

/** Of spec.conditions of a grant. */
export const CONDITIONS: Dialect = createDialect({ ...COMMON, request: REQUEST });

/** What is known of a grant and of where it stands. What is not known no expression can read: that is an error, and never empty. */
export interface Seen {
  grant: Pick<TaskGrant, 'metadata' | 'spec'>;
  requester: RequestedBy | undefined;
  /** Of the grant's namespace. */
  labels: Readonly<Record<string, string>> | undefined;
}

/** The variables that are known. */
export function commonVariables({ grant: { metadata, spec }, requester, labels }: Seen) {
  const { name, namespace } = metadata;
  const seen: SeenSpec = without(spec, NOT_ASKED_FOR);
  return {
    grant: { metadata: { name, namespace }, spec: seen },
    // Whoever authenticated them left out what is empty.
    ...(requester && { requester: { uid: '', groups: [], extra: {}, ...requester } }),
    ...(labels && { namespaceObject: { metadata: { name: namespace, labels } } }),
  };
}

/** Whether it cannot be told without one of the variables. What does not compile reads nothing. */
export function readsAnyOf(variables: readonly string[], expression: string, dialect: Dialect): boolean {
  const compiled = dialect.compile(expression);
  return !isFault(compiled) && variables.some((name) => compiled.uses.has(name));
}

/** The list with those true that are not judged: taken away, they would give the others another place than they have in their file. */
export function heldUnlessJudged<One extends { expression: string }>(
  expressions: readonly One[],
  isJudged: (one: One, index: number) => boolean,
): One[] {
  return expressions.map((one, index) => (isJudged(one, index) ? one : { ...one, expression: 'true' }));
}

/**
 * Of all expressions of one object together, in characters. Compiled they are kept (src/core/cel/dialect.ts), and twice as much is: so those of
 * one object are not compiled anew each time, and no object pushes out what is kept of all others.
 */
export const MOST_SOURCE = 32_768;

/**
 * What does not compile, each with its place. Where there is more than can be kept, nothing of it is compiled.
 *
 * @param path of the list
 */
export function expressionFaults(
  dialect: Dialect,
  expressions: readonly { expression: string }[] | undefined,
  path: string,
): Violation[] {
  const length = (expressions ?? []).reduce((sum, { expression }) => sum + expression.length, 0);
  if (length > MOST_SOURCE)
    return [
      {
        code: 'ExpressionInvalid',
        path,
        asked: `${length} characters`,
        allowed: `${MOST_SOURCE} in all`,
        fix: 'say it in fewer words',
      },
    ];
  return (expressions ?? []).flatMap(({ expression }, index) => {
    const compiled = dialect.compile(expression);
    if (!isFault(compiled)) return [];
    const { message, line, column } = compiled;
    return [
      {
        code: 'ExpressionInvalid' as const,
        path: `${path}[${index}].expression`,
        asked: expression,
        allowed: `${message}, at line ${line}, column ${column}`,
        fix: 'correct the expression: docs/cel.md says what it can use',
      },
    ];
  });
}

interface JsonSchema {
  type?: string;
  properties?: Record<string, TSchema>;
  additionalProperties?: TSchema;
  items?: TSchema;
}

/** The fields of an object of the API, as its schema has them. */
function fieldsOf(schema: TSchema): Fields {
  const { properties = {} } = schema as JsonSchema;
  return Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, declaredBy(of)]));
}

/** @throws Error for what the kinds do not have */
function declaredBy(schema: TSchema): Declared {
  const { type, properties, additionalProperties: of, items } = schema as JsonSchema;
  if (type === 'string') return 'string';
  if (type === 'integer') return 'int';
  if (type === 'boolean') return 'bool';
  if (type === 'array' && items) return { list: declaredBy(items) };
  if (type === 'object' && properties) return { fields: fieldsOf(schema) };
  const values = of && declaredBy(of);
  if (values === 'string') return 'map<string, string>';
  if (typeof values === 'object' && 'list' in values && values.list === 'string')
    return 'map<string, list<string>>';
  throw new Error(`a schema that no expression can see: ${JSON.stringify(schema)}`);
}

function without<T extends object, Key extends string>(object: T, keys: readonly Key[]): Omit<T, Key> {
  return Object.fromEntries(
    Object.entries(object).filter(([name]) => !(keys as readonly string[]).includes(name)),
  ) as Omit<T, Key>;
}
