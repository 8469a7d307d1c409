import { expect, test } from 'vitest';
import { defaultKubernetes } from '../e2e/cluster/programs.ts';
import { POD_SCHEMA_VERSION } from '../src/core/identity/pod-schema.ts';
import { podSchema, type OpenApiDocument, type OpenApiSchema } from './pod-schema-extract.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const CORE = 'io.k8s.api.core.v1';
const string = { type: 'string' };
const to = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** A document with a pod's metadata and spec of the given fields, and the given other definitions. */
function aDocument(
  spec: Record<string, OpenApiSchema>,
  others: Record<string, OpenApiSchema> = {},
): OpenApiDocument {
  const schemas = {
    [`${META}.ObjectMeta`]: { type: 'object', properties: { name: string } },
    [`${CORE}.PodSpec`]: { type: 'object', properties: spec },
    ...others,
  };
  return { components: { schemas } };
}

test('a pod is its metadata and its spec, and every definition that they lead to, in order', () => {
  const document = aDocument(
    {
      volumes: { type: 'array', items: { allOf: [to(`${CORE}.Volume`)] } },
      hostPID: { type: 'boolean' },
    },
    {
      [`${CORE}.Volume`]: {
        type: 'object',
        properties: { name: string, csi: { allOf: [to(`${CORE}.CSI`)] } },
      },
      [`${CORE}.CSI`]: { type: 'object', properties: { driver: string } },
      [`${CORE}.Node`]: { type: 'object', properties: { name: string } },
    },
  );
  expect(JSON.stringify(podSchema(document))).toBe(
    JSON.stringify({
      Pod: { metadata: 'ObjectMeta', spec: 'PodSpec' },
      CSI: { driver: 'string' },
      ObjectMeta: { name: 'string' },
      PodSpec: { hostPID: 'boolean', volumes: '[Volume]' },
      Volume: { csi: 'CSI', name: 'string' },
    }),
  );
});

test('scalars, lists and maps of them have their shape', () => {
  const document = aDocument({
    a: { type: 'integer' },
    b: { type: 'array', items: string },
    c: { type: 'object', additionalProperties: string },
    d: {
      type: 'object',
      additionalProperties: { allOf: [to('io.k8s.apimachinery.pkg.api.resource.Quantity')] },
    },
    e: { allOf: [to('io.k8s.apimachinery.pkg.util.intstr.IntOrString')] },
    f: to(`${META}.Time`),
    g: to(`${META}.FieldsV1`),
  });
  expect(podSchema(document)['PodSpec']).toEqual({
    a: 'integer',
    b: '[string]',
    c: '{string}',
    d: '{quantity}',
    e: 'intOrString',
    f: 'time',
    g: 'object',
  });
});

test.each([
  ['a type that it cannot tell', aDocument({ a: { type: 'object' } }), 'PodSpec.a: a type that is not known'],
  [
    'a definition that is missing',
    aDocument({ a: to(`${CORE}.Gone`) }),
    `${CORE}.Gone is no definition with fields`,
  ],
  [
    'two definitions of one name',
    aDocument(
      { a: to('a.Same'), b: to('b.Same') },
      { 'a.Same': { properties: { x: string } }, 'b.Same': { properties: { x: string } } },
    ),
    'Two definitions have the name Same: a.Same, b.Same',
  ],
])('%s is no schema', (_what, document, message) => {
  expect(() => podSchema(document)).toThrow(message);
});

test('the schema that pods are judged by is of the Kubernetes that is pinned', () => {
  expect(POD_SCHEMA_VERSION).toBe(defaultKubernetes);
});
