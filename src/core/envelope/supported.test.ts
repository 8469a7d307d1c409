import { describe, expect, test } from 'vitest';
import { aGrant, withEnvelope, withGrantSpec, withWorkload } from '../testing/builders.ts';
import { complete } from '../testing/judging.ts';
import { unsupportedInGrant } from './supported.ts';

test('a grant of what this version enforces has nothing unsupported', () => {
  expect(unsupportedInGrant(aGrant())).toEqual([]);
});

test('nor has one that uses everything that an envelope can hold', () => {
  const grant = aGrant(
    withEnvelope({
      certificates: [{ signerName: 'example.com/workload', maxExpirationSeconds: 3600 }],
      csiDrivers: ['csi.spiffe.io'],
      externalIdentity: { 'azure.workload.identity/use': 'true' },
    }),
    withWorkload({ deviceClasses: ['gpu'] }),
  );
  expect(unsupportedInGrant(grant)).toEqual([]);
});

test('nor one that is to be suspended', () => {
  expect(unsupportedInGrant(aGrant(withGrantSpec({ onDrift: 'Suspend', suspend: true })))).toEqual([]);
});

test('empty lists and zeros ask for nothing', () => {
  const grant = aGrant(
    withEnvelope({ certificates: [], csiDrivers: [], externalIdentity: {} }),
    withWorkload({ deviceClasses: [] }),
    withGrantSpec({ conditions: [], limits: {}, delegation: { maxDepth: 0, maxChildren: 0 } }),
  );
  expect(unsupportedInGrant(grant)).toEqual([]);
});

describe('a grant is told what is not supported, with its path', () => {
  const rule = { apiGroups: [''], resources: ['configmaps'], verbs: ['get'] };
  test.each([
    [
      'constraints on a rule',
      withEnvelope({ kubernetes: [rule, { ...rule, constraints: [{ expression: 'true' }] }] }),
      'spec.envelope.kubernetes[1].constraints',
      '1 entry',
    ],
    ['a budget of writes', withGrantSpec({ limits: { writes: 0 } }), 'spec.limits.writes', '0'],
    ['a parent', withGrantSpec({ parentRef: { name: 'plan' } }), 'spec.parentRef', 'plan'],
    [
      'delegation',
      withGrantSpec({ delegation: { maxDepth: 1, maxChildren: 0 } }),
      'spec.delegation.maxDepth',
      '1',
    ],
    [
      'children',
      withGrantSpec({ delegation: { maxDepth: 0, maxChildren: 2 } }),
      'spec.delegation.maxChildren',
      '2',
    ],
  ])('%s', (_, change, path, asked) => {
    expect(complete(unsupportedInGrant(aGrant(change)))).toMatchObject([
      { code: 'NotSupportedYet', path, asked },
    ]);
  });
});
