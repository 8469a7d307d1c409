/** The shape of a pod, out of the API server's own description of its API (OpenAPI v3, `/openapi/v3/api/v1`). */
import type { Item, Scalar, Schema, Shape } from '../src/core/identity/schema.ts';

/** What is read of a document; https://spec.openapis.org/oas/v3.0.3#schema-object. */
export interface OpenApiDocument {
  components: { schemas: Record<string, OpenApiSchema> };
}

export interface OpenApiSchema {
  type?: string;
  $ref?: string;
  /** Kubernetes writes a reference that has a default or a description so, with one entry. */
  allOf?: OpenApiSchema[];
  items?: OpenApiSchema;
  additionalProperties?: OpenApiSchema;
  properties?: Record<string, OpenApiSchema>;
}

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** Where a pod begins. Its status is the kubelet's, and what it is made of asks for nothing. */
const ROOTS = { metadata: `${META}.ObjectMeta`, spec: 'io.k8s.api.core.v1.PodSpec' };

/** The definitions without fields of their own: they have a form in JSON that their Go types write. */
const SCALARS: Record<string, Scalar> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'intOrString',
  [`${META}.Time`]: 'time',
  [`${META}.FieldsV1`]: 'object',
};

/**
 * Every definition that a pod's metadata and spec lead to, and `Pod` with these two, in alphabetical order.
 *
 * @throws Error where the document has something that this cannot tell: a new kind of type has to be looked at.
 */
export function podSchema({ components: { schemas } }: OpenApiDocument): Schema {
  const found = new Map<string, Record<string, Shape>>();
  const fullNames = new Map<string, string>();

  const itemOf = (schema: OpenApiSchema, where: string): Item => {
    const reference = referenceOf(schema);
    if (reference !== undefined) return SCALARS[reference] ?? visit(reference);
    const { type } = schema;
    if (type === 'string' || type === 'integer' || type === 'number' || type === 'boolean') return type;
    throw new Error(`${where}: a type that is not known: ${JSON.stringify(schema)}`);
  };

  const shapeOf = (schema: OpenApiSchema, where: string): Shape => {
    if (schema.items) return `[${itemOf(schema.items, where)}]`;
    if (schema.additionalProperties) return `{${itemOf(schema.additionalProperties, where)}}`;
    return itemOf(schema, where);
  };

  const visit = (fullName: string): Capitalize<string> => {
    const name = shortName(fullName);
    const other = fullNames.get(name);
    if (other === fullName) return name;
    if (other !== undefined) throw new Error(`Two definitions have the name ${name}: ${other}, ${fullName}`);
    fullNames.set(name, fullName);
    const properties = schemas[fullName]?.properties;
    if (!properties) throw new Error(`${fullName} is no definition with fields`);
    const shapes = Object.entries(properties).map(
      ([field, schema]) => [field, shapeOf(schema, `${fullName}.${field}`)] as const,
    );
    found.set(name, Object.fromEntries(shapes.sort(byKey)));
    return name;
  };

  const pod = Object.fromEntries(Object.entries(ROOTS).map(([field, root]) => [field, visit(root)]));
  return { Pod: pod, ...Object.fromEntries([...found].sort(byKey)) };
}

function referenceOf({ $ref, allOf }: OpenApiSchema): string | undefined {
  return ($ref ?? allOf?.[0]?.$ref)?.split('/').at(-1);
}

/** The last part, which begins with a capital in Go. */
function shortName(fullName: string): Capitalize<string> {
  return fullName.slice(fullName.lastIndexOf('.') + 1) as Capitalize<string>;
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
