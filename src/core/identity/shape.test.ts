import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aPod, withContainer, withEphemeralContainer, withToken } from '../testing/builders.ts';
import { POD_SCHEMA, POD_SCHEMA_VERSION } from './pod-schema.ts';
import { isDefinition, isLeaf, itemOf, type Item, type Schema, type Shape } from './schema.ts';
import { MAX_SHAPE_FAULTS, shapeFaults } from './shape.ts';

const SCHEMA: Schema = POD_SCHEMA;

const inContainer = (container: object) => ({ spec: { containers: [container] } });

const aField = (definition: string) => `a field of ${definition} in Kubernetes ${POD_SCHEMA_VERSION}`;

/** An object of a definition, each of its fields made by a function of its shape. */
function anObject(definition: string, make: (shape: Shape) => unknown): Record<string, unknown> {
  const fields = Object.entries(SCHEMA[definition] ?? {});
  return Object.fromEntries(fields.map(([field, shape]) => [field, make(shape)]));
}

function anItem(item: Item): unknown {
  if (isDefinition(item)) return anObject(item, aValue);
  switch (item) {
    case 'string':
      return 'x';
    case 'time':
      return '2026-11-23T09:00:00Z';
    case 'boolean':
      return false;
    case 'integer':
    case 'intOrString':
      return 0;
    case 'number':
      return 0.5;
    case 'quantity':
      return '1Gi';
    case 'object':
      return { 'f:metadata': {} };
  }
}

function aValue(shape: Shape): unknown {
  const item = anItem(itemOf(shape));
  if (shape.startsWith('[')) return [item, item];
  return shape.startsWith('{') ? { 'example.com/a': item, b: item } : item;
}

describe('nothing is wrong with', () => {
  test.each([
    ['a pod that the builders of other tests make', aPod(withToken({}), withEphemeralContainer({}))],
    ['a pod with every field of the schema', anObject('Pod', aValue)],
    ['an empty object', {}],
    ['the status, and what every object has', { apiVersion: 'v1', kind: 'Pod', status: { anything: [1] } }],
    ['what is null or undefined', { metadata: null, spec: { containers: undefined, telepathy: null } }],
    ['a label that is null', { metadata: { labels: { a: null } } }],
    ['a quantity that is a number', { spec: { overhead: { cpu: 1.5 } } }],
    ['a port by number', inContainer({ livenessProbe: { tcpSocket: { port: 80 } } })],
    ['a port by name', inContainer({ livenessProbe: { tcpSocket: { port: 'http' } } })],
    [
      'what a field manager writes down',
      { metadata: { managedFields: [{ fieldsV1: { 'f:a': { '.': {} } } }] } },
    ],
  ])('%s', (_what, pod) => {
    expect(shapeFaults(pod)).toEqual([]);
  });
});

describe('a field is not known', () => {
  test.each([
    ['of the pod', { telepathy: 1 }, 'telepathy', 'telepathy', 'Pod'],
    ['of the spec', { spec: { telepathy: 1 } }, 'spec.telepathy', 'telepathy', 'PodSpec'],
    ['of a container', inContainer({ foo: [] }), 'spec.containers[0].foo', 'foo', 'Container'],
    [
      'of an ephemeral container',
      { spec: { ephemeralContainers: [{}, { foo: 1 }] } },
      'spec.ephemeralContainers[1].foo',
      'foo',
      'EphemeralContainer',
    ],
    [
      'of a source of a volume',
      { spec: { volumes: [{ projected: { sources: [{ telepathy: {} }] } }] } },
      'spec.volumes[0].projected.sources[0].telepathy',
      'telepathy',
      'VolumeProjection',
    ],
    ['that stands elsewhere only', { spec: { image: 'x' } }, 'spec.image', 'image', 'PodSpec'],
    ['in another case', { spec: { HostNetwork: true } }, 'spec.HostNetwork', 'HostNetwork', 'PodSpec'],
    [
      'with the name that only the pod itself may use',
      { spec: { status: {} } },
      'spec.status',
      'status',
      'PodSpec',
    ],
  ])('%s', (_where, pod, path, found, definition) => {
    expect(shapeFaults(pod)).toEqual([
      { kind: 'UnknownField', path, expected: aField(definition), of: definition, found },
    ]);
  });

  test.each(['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'prototype', ''])(
    'with the name %j',
    (name) => {
      const pod = JSON.parse(`{"spec": {${JSON.stringify(name)}: {"containers": 1}}}`) as unknown;
      expect(shapeFaults(pod)).toEqual([
        {
          kind: 'UnknownField',
          path: `spec.${name}`,
          expected: aField('PodSpec'),
          of: 'PodSpec',
          found: name,
        },
      ]);
    },
  );

  test('and is not looked into, however deep it is', () => {
    const depth = 200_000;
    const deep = JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth)) as unknown;
    expect(shapeFaults({ spec: { telepathy: deep } })).toHaveLength(1);
  });
});

describe('a value has the wrong type', () => {
  test.each([
    ['a pod', 'x', '', 'an object (Pod)', 'a string'],
    ['a pod', null, '', 'an object (Pod)', 'null'],
    ['a pod', [], '', 'an object (Pod)', 'a list'],
    ['a definition', { spec: [] }, 'spec', 'an object (PodSpec)', 'a list'],
    ['a list', { spec: { containers: {} } }, 'spec.containers', 'a list', 'an object'],
    ['a list', inContainer({ command: 'sh' }), 'spec.containers[0].command', 'a list', 'a string'],
    ['a map', { metadata: { labels: ['a'] } }, 'metadata.labels', 'an object', 'a list'],
    ['a value of a map', { metadata: { labels: { a: 1 } } }, 'metadata.labels[a]', 'a string', 'a number'],
    ['an item', { spec: { containers: [7] } }, 'spec.containers[0]', 'an object (Container)', 'a number'],
    ['a string', inContainer({ image: {} }), 'spec.containers[0].image', 'a string', 'an object'],
    ['true or false', { spec: { hostNetwork: 'true' } }, 'spec.hostNetwork', 'true or false', 'a string'],
    ['a whole number', { spec: { priority: 1.5 } }, 'spec.priority', 'a whole number', 'a number'],
    ['a quantity', { spec: { overhead: { cpu: true } } }, 'spec.overhead[cpu]', 'a quantity', 'a boolean'],
    ['a time', { metadata: { creationTimestamp: 1 } }, 'metadata.creationTimestamp', 'a time', 'a number'],
    [
      'a port',
      inContainer({ livenessProbe: { httpGet: { port: 1.5 } } }),
      'spec.containers[0].livenessProbe.httpGet.port',
      'a whole number or a string',
      'a number',
    ],
    [
      'managed fields',
      { metadata: { managedFields: [{ fieldsV1: 'x' }] } },
      'metadata.managedFields[0].fieldsV1',
      'an object',
      'a string',
    ],
  ])('in place of %s: %j', (_what, pod, path, expected, found) => {
    expect(shapeFaults(pod)).toEqual([{ kind: 'WrongType', path, expected, found }]);
  });

  test('in place of an item of a list: null, which is not as absent there', () => {
    const pod = { spec: { containers: [{}, null], imagePullSecrets: [undefined] } };
    expect(shapeFaults(pod)).toEqual([
      {
        kind: 'WrongType',
        path: 'spec.containers[1]',
        expected: 'an object (Container)',
        found: 'null',
      },
      {
        kind: 'WrongType',
        path: 'spec.imagePullSecrets[0]',
        expected: 'an object (LocalObjectReference)',
        found: 'null',
      },
    ]);
  });

  test('at each place of the schema that holds no definition', () => {
    const aWrongValue = (shape: Shape): unknown => {
      const item = itemOf(shape);
      if (!isDefinition(item)) return item === 'object' || /^[[{]/.test(shape) ? 'x' : {};
      const inner = anObject(item, aWrongValue);
      return shape.startsWith('[') ? [inner] : inner;
    };
    const placesIn = (definition: string): number =>
      Object.values(SCHEMA[definition] ?? {})
        .map((shape) => (isLeaf(shape) ? 1 : placesIn(itemOf(shape))))
        .reduce((sum, places) => sum + places, 0);
    const faults = shapeFaults({ spec: anObject('PodSpec', aWrongValue) });
    expect(faults).toHaveLength(placesIn('PodSpec'));
    expect(faults.filter(({ kind }) => kind !== 'WrongType')).toEqual([]);
  });
});

test('all faults are found, in the order of the object', () => {
  const pod = withContainer({ image: 'other' })(aPod());
  const broken = { ...pod, spec: { ...pod.spec, a: 1, hostPID: 'x', volumes: [{ name: 1, b: 2 }] }, c: 3 };
  expect(shapeFaults(broken).map(({ kind, path }) => `${kind} ${path}`)).toEqual([
    'UnknownField spec.a',
    'WrongType spec.hostPID',
    'WrongType spec.volumes[0].name',
    'UnknownField spec.volumes[0].b',
    'UnknownField c',
  ]);
});

describe('of very many faults only the first are reported', () => {
  const many = Array.from({ length: 5000 }, (_, index) => index);
  const byName = Object.fromEntries(many.map((index) => [`f${index}`, index]));
  test.each([
    ['of a list', { spec: { containers: many } }],
    ['of a map', { metadata: { labels: byName } }],
    ['of an object', { spec: byName }],
    ['of containers', { spec: { containers: many.map(() => ({ a: 1 })), initContainers: many } }],
  ])('%s', (_what, pod) => {
    expect(shapeFaults(pod)).toHaveLength(MAX_SHAPE_FAULTS);
  });
});

test('anything at all can be looked at, and is not changed', () => {
  const places: ((value: unknown) => unknown)[] = [
    (value) => value,
    (value) => ({ metadata: value, spec: value }),
    (value) => ({ metadata: { labels: value, managedFields: value }, spec: { containers: value } }),
    (value) => inContainer({ env: value, resources: value, [JSON.stringify(value)]: value }),
  ];
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(...places), (value, place) => {
      const pod = place(value);
      const before = JSON.stringify(pod);
      for (const { path, expected } of shapeFaults(pod)) {
        expect(typeof path).toBe('string');
        expect(expected).not.toBe('');
      }
      expect(JSON.stringify(pod)).toBe(before);
    }),
    { numRuns: 500 },
  );
});

test('the schema ends: no definition leads back to itself', () => {
  const visit = (definition: string, above: readonly string[]): void => {
    expect(above).not.toContain(definition);
    for (const shape of Object.values(SCHEMA[definition] ?? {})) {
      const item = itemOf(shape);
      if (isDefinition(item)) visit(item, [...above, definition]);
    }
  };
  visit('Pod', []);
});
