import { Value } from 'typebox/value';
import { describe, expect, test } from 'vitest';
import { KINDS, structural, type StructuralSchema } from './crd.ts';
import { CLASS_CONDITIONS, GRANT_REASONS } from './reasons.ts';
import { taskGrantSchema } from './taskgrant.ts';

/** A schema with the path at which it stands: `spec.workload.images[]`. */
type Place = [path: string, schema: StructuralSchema];

function* placesIn([path, schema]: Place): Generator<Place> {
  yield [path, schema];
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    yield* placesIn([`${path}.${name}`, property]);
  if (schema.items) yield* placesIn([`${path}[]`, schema.items]);
  if (schema.additionalProperties) yield* placesIn([`${path}{}`, schema.additionalProperties]);
}

const places = KINDS.flatMap(({ kind, schema }) => [
  ...placesIn([`${kind}.spec`, structural(schema.spec)]),
  ...placesIn([`${kind}.status`, structural(schema.status)]),
]);
const ofType = (type: string) => places.filter(([, schema]) => schema.type === type);

function offending(candidates: readonly Place[], isFine: (schema: StructuralSchema) => boolean): string[] {
  return candidates.filter(([, schema]) => !isFine(schema)).map(([path]) => path);
}

describe('in both CRDs', () => {
  test('the walk meets every field, at every depth', () => {
    const paths = places.map(([path]) => path);
    for (const path of [
      'TaskGrant.spec.envelope.kubernetes[].constraints[].expression',
      'TaskGrant.spec.requestedBy.extra{}[]',
      'TaskGrant.status.pods[].imageIDs[]',
      'TaskGrantClass.spec.limits.maxActivePerNamespace',
    ]) {
      expect(paths).toContain(path);
    }
  });

  test('every string has a longest length, or is one of a list', () => {
    expect(
      offending(
        ofType('string'),
        ({ maxLength, enum: values }) => maxLength !== undefined || values !== undefined,
      ),
    ).toEqual([]);
  });

  test('every list has a greatest number of entries, and says how it is merged', () => {
    expect(offending(ofType('array'), ({ maxItems }) => maxItems !== undefined)).toEqual([]);
    const named = ofType('array').filter(([path]) => !path.includes('{}'));
    expect(offending(named, (schema) => schema['x-kubernetes-list-type'] !== undefined)).toEqual([]);
  });

  test('every map has a greatest number of keys', () => {
    const maps = ofType('object').filter(([, { additionalProperties }]) => additionalProperties);
    expect(maps.length).toBeGreaterThan(0);
    expect(offending(maps, ({ maxProperties }) => maxProperties !== undefined)).toEqual([]);
  });

  test('every number has a least and a greatest value', () => {
    expect(
      offending(ofType('integer'), ({ minimum, maximum }) => minimum !== undefined && maximum !== undefined),
    ).toEqual([]);
    expect(ofType('number')).toEqual([]);
  });

  test('every object says which fields it has: none takes what nobody knows', () => {
    expect(
      offending(
        ofType('object'),
        ({ properties, additionalProperties }) => Boolean(properties) !== Boolean(additionalProperties),
      ),
    ).toEqual([]);
    expect(
      offending(places, (schema) => schema['x-kubernetes-preserve-unknown-fields'] === undefined),
    ).toEqual([]);
  });

  test('every field has a description', () => {
    const fields = places.filter(([path]) => !path.endsWith('[]') && !path.endsWith('{}'));
    expect(offending(fields, ({ description }) => (description ?? '') !== '')).toEqual([]);
  });

  test('every default is one that the field itself accepts', () => {
    const defaulted = places.filter(([, schema]) => schema.default !== undefined);
    expect(defaulted.length).toBeGreaterThan(5);
    expect(offending(defaulted, (schema) => Value.Check(schema, schema.default))).toEqual([]);
  });

  test('every rule says what is wrong in words', () => {
    const rules = places.flatMap(([path, schema]) =>
      ((schema['x-kubernetes-validations'] ?? []) as { rule: string; message?: string }[]).map((rule) => ({
        path,
        ...rule,
      })),
    );
    expect(rules.length).toBeGreaterThan(10);
    expect(rules.filter(({ message }) => (message ?? '') === '')).toEqual([]);
  });

  test('every printed column and selectable field is one that exists', () => {
    for (const { kind, columns, selectableFields } of KINDS) {
      const known = new Set(places.map(([path]) => path));
      const plain = [...columns.map(({ jsonPath }) => jsonPath), ...selectableFields].filter(
        (path) => !path.startsWith('.metadata'),
      );
      expect(
        plain.map((path) => kind + path.replace(/\[\?.*?\]/, '[]')).filter((path) => !known.has(path)),
      ).toEqual([]);
    }
  });
});

test('whether a class can be used is told in one line: a column for each of its conditions', () => {
  const columns = KINDS.find(({ kind }) => kind === 'TaskGrantClass')?.columns ?? [];
  for (const type of CLASS_CONDITIONS)
    expect(columns).toContainEqual(
      expect.objectContaining({
        name: type,
        jsonPath: `.status.conditions[?(@.type=="${type}")].status`,
      }),
    );
});

test('a duration that is to grow is refused with what to do instead', () => {
  const { duration } = structural(taskGrantSchema.spec).properties ?? {};
  const rules = (duration?.['x-kubernetes-validations'] ?? []) as { rule: string; message: string }[];
  expect(rules.find(({ rule }) => rule.includes('oldSelf'))?.message).toBe(
    'may only shrink; for longer, create a new TaskGrant',
  );
});

test('what may change of a TaskGrant is revoke, suspend, approval and duration, and nothing else', () => {
  const { properties = {} } = structural(taskGrantSchema.spec);
  const isImmutable = ({ 'x-kubernetes-validations': rules = [] }: StructuralSchema) =>
    (rules as { rule: string; reason?: string }[]).some(
      ({ rule, reason }) => rule === 'self == oldSelf' && reason === 'FieldValueForbidden',
    );
  const mutable = Object.entries(properties).flatMap(([name, schema]) => (isImmutable(schema) ? [] : [name]));
  expect(mutable.toSorted()).toEqual(['approval', 'duration', 'revoke', 'suspend']);
});

test('every reason fits the pattern that the API conventions give reasons', () => {
  for (const reason of Object.keys(GRANT_REASONS))
    expect(reason).toMatch(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/);
});
