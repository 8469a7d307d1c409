import { describe, expect, test } from 'vitest';
import { structural } from './crd.ts';
import {
  conditions,
  DURATION_PATTERN,
  flag,
  integer,
  list,
  optional,
  record,
  stringMap,
  text,
  withRules,
} from './schema.ts';

const described = { description: 'x' };
const required = text({ maxLength: 10, ...described });
const defaulted = flag({ default: false, ...described });

describe('a structural schema', () => {
  test('requires what is neither optional nor has a default', () => {
    const schema = structural(record({ required, defaulted, optional: optional(required) }, described));
    expect(schema.required).toEqual(['required']);
    expect(Object.keys(schema.properties ?? {})).toEqual(['required', 'defaulted', 'optional']);
  });

  test('says nothing of requirements where there are none: an empty list is not valid OpenAPI', () => {
    expect(structural(record({ defaulted }, described))).not.toHaveProperty('required');
  });

  test('does so at every depth: in fields, lists and maps', () => {
    const inner = record({ required, defaulted }, described);
    const schema = structural(record({ inner, list: list(inner, { maxItems: 1, ...described }) }, described));
    expect(schema.properties?.['inner']?.required).toEqual(['required']);
    expect(schema.properties?.['list']?.items?.required).toEqual(['required']);
  });

  test('keeps a default of false, zero or nothing in it', () => {
    const schema = structural(
      record(
        {
          no: defaulted,
          zero: integer({ minimum: 0, maximum: 1, default: 0, ...described }),
          empty: record({ defaulted }, { default: {}, ...described }),
        },
        described,
      ),
    );
    expect(schema).not.toHaveProperty('required');
    expect(Object.values(schema.properties ?? {}).map((property) => property.default)).toEqual([
      false,
      0,
      {},
    ]);
  });

  test('has nothing that JSON has not', () => {
    const schema = structural(
      record({ map: stringMap({ maxProperties: 1, maxLength: 1, ...described }) }, described),
    );
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });
});

describe('rules', () => {
  test('are added to those that are there, and the field stays optional or not', () => {
    const first = { rule: 'self != "a"' };
    const second = { rule: 'self != "b"' };
    const ruled = withRules(withRules(optional(required), [first]), [second]);
    const schema = structural(record({ ruled }, described));
    expect(schema.properties?.['ruled']).toMatchObject({ 'x-kubernetes-validations': [first, second] });
    expect(schema).not.toHaveProperty('required');
  });

  test('leave the schema that they were added to as it was', () => {
    withRules(required, [{ rule: 'false' }]);
    expect(structural(required)).not.toHaveProperty('x-kubernetes-validations');
  });
});

test('conditions are told apart by their type, as kubectl wait expects', () => {
  expect(structural(conditions(['Ready'], ['Ok'], described))).toMatchObject({
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
  });
});

test.each([
  ['1h30m', true],
  ['90s', true],
  ['30m1h', false],
  ['1d', false],
  ['1.5h', false],
  ['100000h', false],
])('%s as a duration: %s', (duration, accepted) => {
  expect(new RegExp(DURATION_PATTERN).test(duration)).toBe(accepted);
});
