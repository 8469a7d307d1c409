/** TaskGrants and TaskGrantClasses against their schemas, as the API server will hold them to it. */
import { Value } from 'typebox/value';
import type { KubernetesObject, Stored } from '../api/kubernetes.ts';
import { structural, type StructuralSchema } from '../api/crd.ts';
import { withDefaults } from '../api/defaults.ts';
import { DURATION_PATTERN, type TSchema } from '../api/schema.ts';
import { taskGrantSchema, type TaskGrant } from '../api/taskgrant.ts';
import { taskGrantClassSchema, type TaskGrantClass } from '../api/taskgrantclass.ts';
import type { ShapeFault } from './kinds.ts';

type Parsed<T extends KubernetesObject> = { object: Stored<T> } | { faults: ShapeFault[] };

/** The grant as the API server would store it, defaults filled in; or what its schema does not allow. */
export function parseGrant(object: KubernetesObject, now: number): Parsed<TaskGrant> {
  return parse<TaskGrant>(object, taskGrantSchema, ['duration', 'ttlAfterFinished'], now);
}

/** The class as the API server would store it, defaults filled in; or what its schema does not allow. */
export function parseClass(object: KubernetesObject, now: number): Parsed<TaskGrantClass> {
  return parse<TaskGrantClass>(object, taskGrantClassSchema, ['limits.maxDuration'], now);
}

interface Schemas {
  spec: TSchema;
  status: TSchema;
}

function parse<T extends KubernetesObject>(
  object: KubernetesObject,
  schemas: Schemas,
  durations: readonly string[],
  now: number,
): Parsed<T> {
  const { spec = {}, status = {} } = object as { spec?: unknown; status?: unknown };
  const [wholeSpec, wholeStatus] = [withDefaults(schemas.spec, spec), withDefaults(schemas.status, status)];
  const name = nameFaults(object.metadata.name);
  const faults = [
    ...name,
    ...faultsOf(schemas.spec, wholeSpec, 'spec'),
    ...durations.flatMap((path) => durationFault(wholeSpec, path)),
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

/** What it checks is what the CRD says, and no field beside. */
function faultsOf(schema: TSchema, value: unknown, root: string): ShapeFault[] {
  return Value.Errors(closed(structural(schema)), value).flatMap(
    ({ keyword, instancePath, params, message }) => {
      const path = pathAt(root, instancePath);
      if (keyword === 'additionalProperties' && 'additionalProperties' in params) {
        return params.additionalProperties.map((field) => ({
          path: `${path}.${field}`,
          message: 'no such field',
        }));
      }
      // Says the same again, of each field that is not known.
      return keyword === 'boolean' ? [] : [{ path, message }];
    },
  );
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

/** By a rule in CEL in the CRD, so that it is said in words what one is. */
function durationFault(spec: unknown, path: string): ShapeFault[] {
  const value = path
    .split('.')
    .reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], spec);
  if (typeof value !== 'string' || (value !== '' && new RegExp(DURATION_PATTERN).test(value))) return [];
  return [{ path: `spec.${path}`, message: 'must be hours, minutes and seconds, such as 1h30m, 15m or 45s' }];
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
