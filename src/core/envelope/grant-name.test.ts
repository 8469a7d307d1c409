import { expect, test } from 'vitest';
import { aGrant } from '../testing/builders.ts';
import { nameFits } from './grant-name.ts';

const named = (length: number) => {
  const grant = aGrant();
  return { metadata: { ...grant.metadata, name: 'x'.repeat(length) } };
};

test('a name from which the others can be derived is fine, one that is longer is told how long it may be', () => {
  expect(nameFits(named(44))).toEqual([]);
  expect(nameFits(named(45))).toMatchObject([
    { code: 'NameTooLong', path: 'metadata.name', asked: '45 characters', allowed: '44' },
  ]);
});
