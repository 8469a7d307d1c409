import { expect, test } from 'vitest';
import type { Escape } from './catalogue.ts';
import { codesOf, product } from './enforcer.ts';

const escape = { codes: ['NodeAccess', 'SecretNotGranted'] } as Escape;
const refusal = (codes: string) => ({
  code: 1,
  stdout: '',
  stderr: `admission webhook "x" denied the request: the pod asks for more (2 violations: ${codes}):\nNodeAccess spec: …`,
});

test('the codes of a denial stand in its headline', () => {
  expect(codesOf(refusal('ImageNotGranted, NodeAccess').stderr)).toEqual(['ImageNotGranted', 'NodeAccess']);
});

test('where it is one, it stands behind the headline', () => {
  const stderr =
    'admission webhook "x" denied the request: the pod asks for more (1 violation): NodeAccess spec: …';
  expect(codesOf(stderr)).toEqual(['NodeAccess']);
});

test('a policy of the floor says one code', () => {
  const stderr = `ValidatingAdmissionPolicy 'x' with binding 'x' denied request: NodeAccess spec: no (TaskGrant’s policy x)`;
  expect(codesOf(stderr)).toEqual(['NodeAccess']);
});

test('a refusal has every code that the escape names, among others', () => {
  expect(product.lacks(refusal('ImageNotGranted, NodeAccess, SecretNotGranted'), escape)).toBeUndefined();
});

test('a refusal for another reason is not the escape’s', () => {
  expect(product.lacks(refusal('ImageNotGranted, NodeAccess'), escape)).toMatch(/^SecretNotGranted: /);
  expect(product.lacks({ code: 1, stdout: '', stderr: 'forbidden' }, escape)).toMatch(
    /^NodeAccess, SecretNot/,
  );
});

test('a yes is no refusal', () => {
  expect(product.lacks({ code: 0, stdout: 'created', stderr: '' }, escape)).toBe('a refusal: created');
});
