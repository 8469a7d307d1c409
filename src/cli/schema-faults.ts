/** TaskGrants and TaskGrantClasses against their schemas, as the API server will hold them to it. */
import { Value } from 'typebox/value';
import type { KubernetesObject, Stored } from '../api/kubernetes.ts';
import { structural, type StructuralSchema } from '../api/crd.ts';
import { withDefaults } from '../api/defaults.ts';
import type { CelRule, TSchema } from '../api/schema.ts';
import { taskGrantSchema, type TaskGrant } from '../api/taskgrant.ts';
import { taskGrantClassSchema, type TaskGrantClass } from '../api/taskgrantclass.ts';
import { POD_SCHEMA } from '../core/identity/pod-schema.ts';
import { shapeFaults } from '../core/identity/shape.ts';
import { isRecord } from '../core/record.ts';
import { createDialect, evaluationOf, isFault } from '../core/cel/dialect.ts';
import { misspelt, type ShapeFault } from './kinds.ts';

type Parsed<T extends KubernetesObject> = { object: Stored<T> } | { faults: ShapeFault[] };

/** The grant as the API server would store it, defaults filled in; or what its schema does not allow. */
export function parseGrant(object: KubernetesObject, now: number): Parsed<TaskGrant> {
  return parse<TaskGrant>(object, taskGrantSchema, now);
}

/** The class as the API server would store it, defaults filled in; or what its schema does not allow. */
export function parseClass(object: KubernetesObject, now: number): Parsed<TaskGrantClass> {
  return parse<TaskGrantClass>(object, taskGrantClassSchema, now);
}

interface Schemas {
  spec: TSchema;
  status: TSchema;
}

function parse<T extends KubernetesObject>(
  object: KubernetesObject,
  schemas: Schemas,
  now: number,
): Parsed<T> {
  const { spec, status } = object as { spec?: unknown; status?: unknown };
  const wholeSpec = withDefaults(schemas.spec, spec ?? {});
  const wholeStatus = withDefaults(schemas.status, status ?? {});
  const name = nameFaults(object.metadata.name);
  const faults = [
    ...name,
    ...besideFaults(object),
    ...faultsOf(schemas.spec, wholeSpec, 'spec'),
    ...faultsOf(schemas.status, wholeStatus, 'status'),
  ];
  if (faults.length > 0) return { faults };
  return { object: stored<T>(object, { spec: wholeSpec, status: wholeStatus }, now) };
}

/** DNS subdomains of RFC 1123 (apimachinery, api/validation, NameIsDNSSubdomain), as of every custom resource. */
const NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const LONGEST_NAME = 253;

function nameFaults(name: string | undefined): ShapeFault[] {
  if (!name) return [{ path: 'metadata', message: 'must have a name' }];
  if (NAME.test(name) && name.length <= LONGEST_NAME) return [];
  const message =
    'must be at most 253 lower-case letters, digits, - and ., with a letter or digit at either end';
  return [{ path: 'metadata.name', message }];
}

/** What every custom resource consists of, and these two. */
const PARTS = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];

/** What stands beside the spec and is no part of an object, and in its metadata what no object has there. */
function besideFaults(object: KubernetesObject): ShapeFault[] {
  const unknown = Object.keys(object).filter((field) => !PARTS.includes(field));
  return [
    ...unknown.map((field) => ({ path: field, message: noSuchField(field, PARTS) })),
    // The metadata of a pod is that of every object.
    ...shapeFaults({ metadata: object.metadata }).map(({ kind, path, expected, of, found }) => ({
      path,
      message:
        kind === 'UnknownField' ? noSuchField(found, fieldsOf(of)) : `must be ${expected}, not ${found}`,
    })),
  ];
}

/** What it checks is what the CRD says, rules in CEL and all, and no field beside. */
function faultsOf(schema: TSchema, value: unknown, root: string): ShapeFault[] {
  const whole = structural(schema);
  const faults = Value.Errors(closed(whole), value).flatMap(({ keyword, instancePath, params, message }) => {
    const path = pathAt(root, instancePath);
    if (keyword === 'additionalProperties' && 'additionalProperties' in params) {
      const fields = fieldsAt(whole, instancePath);
      return params.additionalProperties.map((field) => ({
        path: `${path}.${field}`,
        message: noSuchField(field, fields),
      }));
    }
    if (keyword === 'enum' && 'allowedValues' in params)
      return [{ path, message: `must be one of ${params.allowedValues.join(', ')}` }];
    // Says the same again, of each field that is not known.
    return keyword === 'boolean' ? [] : [{ path, message }];
  });
  const before = new Set(faults.map(({ path }) => path));
  return [...faults, ...brokenRules(whole, value, root).filter(({ path }) => !before.has(path))];
}

/** The fields of a part of a pod, or of the metadata of anything. */
export function fieldsOf(definition = ''): string[] {
  const fields = new Map<string, object>(Object.entries(POD_SCHEMA)).get(definition);
  return Object.keys(fields ?? {});
}

function noSuchField(field: string, fields: readonly string[]): string {
  return misspelt(field, fields) ?? 'no such field';
}

/** What an object can have where the pointer leads. */
function fieldsAt(schema: StructuralSchema, pointer: string): string[] {
  const steps = pointer.split('/').slice(1);
  const at = steps.reduce<StructuralSchema | undefined>(
    (part, step) => part?.properties?.[step] ?? part?.items,
    schema,
  );
  return Object.keys(at?.properties ?? {});
}

/** What the rules of a CRD are about. */
const RULES = createDialect({ self: 'dyn' });

/** Each rule of the schema, and of all within it, that the value breaks. Those about a change say nothing of a file. */
function brokenRules(schema: StructuralSchema, value: unknown, path: string): ShapeFault[] {
  if (value === undefined) return [];
  const { 'x-kubernetes-validations': rules = [], properties = {}, items } = schema;
  const fields = isRecord(value) ? value : {};
  return [
    ...(rules as CelRule[])
      .filter(({ rule }) => !rule.includes('oldSelf') && isBroken(rule, value))
      .map(({ rule, message = rule }) => ({ path, message })),
    ...Object.entries(properties).flatMap(([name, inner]) =>
      brokenRules(inner, fields[name], `${path}.${name}`),
    ),
    ...(items && Array.isArray(value)
      ? value.flatMap((item, index) => brokenRules(items, item, `${path}[${index}]`))
      : []),
  ];
}

/** What is of another type than the rule is for is a fault of its own. */
function isBroken(rule: string, self: unknown): boolean {
  const compiled = RULES.compile(rule);
  return !isFault(compiled) && evaluationOf({ self }).judge(compiled) === false;
}

/** The API server refuses unknown fields, unless it is told otherwise (fieldValidation: Strict, which kubectl asks for). */
function closed(schema: StructuralSchema): StructuralSchema {
  const { properties, items } = schema;
  return {
    ...schema,
    ...(properties && {
      additionalProperties: false,
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, inner]) => [name, closed(inner)]),
      ),
    }),
    ...(items && { items: closed(items) }),
  } as StructuralSchema;
}

/** `spec.envelope.tokens[0].name` of `/envelope/tokens/0/name`. */
function pathAt(root: string, pointer: string): string {
  const steps = pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^[a-z]\w*$/i.test(step) ? `.${step}` : `[${step}]`));
  return root + steps.join('');
}

/** With what the API server will fill in. */
function stored<T extends KubernetesObject>(
  object: KubernetesObject,
  parts: { spec: unknown; status: unknown },
  now: number,
): Stored<T> {
  const metadata = {
    name: '',
    uid: '',
    resourceVersion: '',
    creationTimestamp: new Date(now).toISOString(),
    ...object.metadata,
  };
  return { ...object, ...parts, metadata } as unknown as Stored<T>;
}
