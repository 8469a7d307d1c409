import { describe, expect, test } from 'vitest';
import { POD_SCHEMA } from './pod-schema.ts';
import { isLeaf, type Schema } from './schema.ts';
import { POD_SURFACE } from './surface.ts';
import { harmless, leads, rulings, type Rulings } from './verdict.ts';

const SCHEMA: Schema = POD_SCHEMA;
const SURFACE: Readonly<Record<string, Rulings<string>>> = POD_SURFACE;

const leaves = Object.entries(SCHEMA).flatMap(([definition, fields]) =>
  Object.entries(fields).flatMap(([field, shape]) => (isLeaf(shape) ? [`${definition}.${field}`] : [])),
);
const ruled = Object.entries(SURFACE).flatMap(([definition, fields]) =>
  Object.entries(fields).map(([field, ruling]) => ({ field: `${definition}.${field}`, ...ruling })),
);

test('every leaf of the schema has a verdict, and nothing else has one', () => {
  expect(ruled.map(({ field }) => field).toSorted()).toEqual(leaves.toSorted());
});

test('every reason is one short sentence', () => {
  const wrong = ruled.filter(({ why }) => why.length > 160 || !/^\p{Lu}.*[^.]\.$/u.test(why));
  expect(wrong).toEqual([]);
});

describe('the verdict is Identity on', () => {
  test.each([
    ['what names the account', 'PodSpec', ['serviceAccountName', 'serviceAccount']],
    ['tokens', 'ServiceAccountTokenProjection', ['audience', 'expirationSeconds', 'path']],
    ['Secrets in variables', 'SecretKeySelector', ['name']],
    ['Secrets in volumes', 'SecretVolumeSource', ['secretName']],
    ['Secrets of drivers and for pulling images', 'LocalObjectReference', ['name']],
    ['certificates', 'PodCertificateProjection', ['signerName']],
    ['devices', 'PodResourceClaim', ['resourceClaimName', 'resourceClaimTemplateName']],
  ])('%s', (_what, definition, fields) => {
    for (const field of fields) expect(SURFACE[definition]?.[field]?.verdict).toBe('Identity');
  });
});

test('a field that is in two groups of a definition is told', () => {
  expect(() => rulings(leads('A.', 'a', 'b'), harmless('B.', 'b'))).toThrow('There are two rulings for b');
});
