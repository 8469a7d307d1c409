import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ruleOf } from './algebra.ts';
import { compacted, MOST_RIGHTS, TOO_MANY, weightOf } from './compact.ts';
import { rightsIn, type ScopedRule } from './right.ts';
import { isAtLeast } from './risk-level.ts';
import { riskOf } from './risk.ts';

const rule = (apiGroup: string, resource: string, verb: string, ...resourceNames: string[]): ScopedRule => ({
  apiGroups: [apiGroup],
  resources: [resource],
  ...(resourceNames.length > 0 && { resourceNames }),
  verbs: [verb],
});
const many = (length: number, word = 'verb') => Array.from({ length }, (_, index) => `${word}-${index}`);
const MOST = MOST_RIGHTS.Role;

test('a rule that is repeated is one', () => {
  const pods = rule('', 'pods', 'get');
  expect(compacted(Array<ScopedRule>(16_000).fill(pods), MOST)).toEqual([pods]);
  expect(compacted([{ ...pods, verbs: Array<string>(16_000).fill('get') }], MOST)).toEqual([pods]);
});

test('rights are put together as people write them, however they were split', () => {
  const both = { apiGroups: [''], resources: ['pods', 'services'], verbs: ['get', 'list'] };
  const urls = { nonResourceURLs: ['/metrics'], verbs: ['get'] };
  const split = rightsIn([both, urls]).map(ruleOf);
  expect(compacted(split, MOST)).toEqual(expect.arrayContaining([both, urls]));
  expect(compacted(split, MOST)).toHaveLength(2);
});

test('of names of objects are kept those that something follows from, and that there are others', () => {
  const names = [...many(10_000, 'name'), '', 'aws-auth', 'taskgrant-a-bcdfghjk'];
  const kept = ['', 'another', 'aws-auth', 'taskgrant-a-bcdfghjk'];
  expect(compacted([rule('', 'configmaps', 'get', ...names)], MOST)).toEqual([
    rule('', 'configmaps', 'get', ...kept),
  ]);
  const oneEach = many(10_000, 'name').map((name) => rule('', 'configmaps', 'get', name));
  expect(compacted(oneEach, MOST)).toEqual([rule('', 'configmaps', 'get', 'another')]);
});

describe('rules are too many', () => {
  const pods = rule('', 'pods', 'get');
  const words = many(1000);
  const subsets = words
    .slice(0, 20)
    .map((_, index) => words.slice(0, 20).filter((__, other) => other !== index));
  test.each<[string, ScopedRule[]]>([
    ['that give more rights than are kept', many(MOST + 1).map((verb) => rule('', 'pods', verb))],
    ['of which one is a product of many words', [{ apiGroups: words, resources: words, verbs: words }]],
    [
      'of which one has many words and gives nothing',
      [{ apiGroups: [], resources: many(MOST + 1), verbs: [] }],
    ],
    ['that have a word of any length', [rule('', 'x'.repeat(1_000_000), 'get')]],
    ['that have many long words', many(MOST).map((verb) => rule('', 'x'.repeat(200), verb))],
    ['that name many of grants’ accounts', [rule('', 'pods', 'get', ...many(MOST + 1, 'taskgrant'))]],
    ['that are of everything again and again', many(MOST).map((verb) => rule('*', '*', verb))],
    [
      'that say the same again and again in other words',
      subsets.flatMap((resources) =>
        subsets.flatMap((verbs) => ['a', 'b'].map((group) => ({ apiGroups: [group], resources, verbs }))),
      ),
    ],
  ])('%s', (_, rules) => {
    expect(compacted([pods, ...rules], MOST)).toBe(TOO_MANY);
    expect(compacted([...rules, pods], MOST)).toBe(TOO_MANY);
    expect(riskOf(compacted(rules, MOST)).level).toBe('Critical');
  });

  test('and weigh more than anything', () => {
    expect(weightOf(TOO_MANY, 1_000_000)).toBe(Infinity);
    expect(weightOf([{ apiGroups: words, resources: words, verbs: words }], MOST)).toBe(Infinity);
    expect(
      weightOf(
        many(MOST).map((verb) => rule('', 'pods', verb)),
        MOST,
      ),
    ).toBe(MOST);
  });
});

describe('whatever the rules', () => {
  const oneOf = (...words: string[]) =>
    fc.uniqueArray(fc.constantFrom(...words), { minLength: 1, maxLength: 2 });
  const someRule: fc.Arbitrary<ScopedRule> = fc.oneof(
    fc.record(
      {
        apiGroups: oneOf('', 'apps', 'certificates.k8s.io', '*'),
        resources: oneOf('secrets', 'configmaps', 'services', 'certificatesigningrequests', '*'),
        resourceNames: oneOf('', 'a', 'b', 'aws-auth', 'kube-root-ca.crt', 'taskgrant-a-bcdfghjk'),
        verbs: oneOf('get', 'update', 'create', '*'),
      },
      { requiredKeys: ['apiGroups', 'resources', 'verbs'] },
    ),
    fc.record({ nonResourceURLs: oneOf('/healthz', '/metrics'), verbs: oneOf('get', 'post') }),
  );
  const rules = fc.array(someRule, { maxLength: 4 });
  /** So that about as many are too many as are not. */
  const FEW = 12;

  test('they are rated as they were', () => {
    fc.assert(
      fc.property(rules, (some) => {
        expect(riskOf(compacted(some, MOST))).toEqual(riskOf(some));
      }),
    );
  });

  test('order, repetition and splitting change nothing, be they too many or not', () => {
    fc.assert(
      fc.property(rules, fc.nat(), (some, turn) => {
        const split = rightsIn(some).map(ruleOf);
        const turned = [...split.slice(turn % (split.length + 1)), ...some, ...split].reverse();
        expect(compacted(turned, FEW)).toEqual(compacted(some, FEW));
        expect(compacted(split, FEW)).toEqual(compacted(some, FEW));
      }),
      { numRuns: 1000 },
    );
  });

  test('none is rated better than it is, and none better for one more', () => {
    fc.assert(
      fc.property(rules, rules, (some, more) => {
        const { level } = riskOf(compacted(some, FEW));
        expect(isAtLeast(level, riskOf(some).level)).toBe(true);
        expect(isAtLeast(riskOf(compacted([...some, ...more], FEW)).level, level)).toBe(true);
      }),
    );
  });
});
