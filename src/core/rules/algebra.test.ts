import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { covers, intersect, normalise, ruleOf, subtract } from './algebra.ts';
import { isUrlRight, renderRight, rightsIn, type ScopedRule } from './right.ts';

const rule = (changes: Partial<ScopedRule> = {}): ScopedRule => ({
  apiGroups: [''],
  resources: ['configmaps'],
  verbs: ['get'],
  ...changes,
});

/** Words few enough that random rules meet. */
const oneOf = (words: readonly string[], maxLength = 2) =>
  fc.uniqueArray(fc.constantFrom(...words), { minLength: 1, maxLength });
const RESOURCES = ['pods', 'pods/exec', 'services', 'services/proxy', '*', '*/exec', 'pods/*', '*/*'];
const NAMES = ['', 'a', 'b'];
const resourceRule: fc.Arbitrary<ScopedRule> = fc.record(
  {
    namespaces: oneOf(['blue', 'green']),
    apiGroups: oneOf(['', 'apps', '*']),
    resources: oneOf(RESOURCES, 3),
    resourceNames: oneOf(NAMES),
    verbs: oneOf(['get', 'create', '*']),
  },
  { requiredKeys: ['apiGroups', 'resources', 'verbs'] },
);
const urlRule: fc.Arbitrary<ScopedRule> = fc.record({
  nonResourceURLs: oneOf(['/a', '/a/b', '/a*', '/a/*', '/a/**', '*']),
  verbs: oneOf(['get', 'post', '*']),
});
const rules = fc.array(fc.oneof({ weight: 4, arbitrary: resourceRule }, urlRule), { maxLength: 4 });

/** A request as it comes to the API server: nothing in it is a wildcard. */
interface Request {
  namespace?: string;
  apiGroup: string;
  resource: string;
  subresource?: string;
  name: string;
  verb: string;
}

const requests: Request[] = [undefined, 'blue', 'red'].flatMap((namespace) =>
  ['', 'apps'].flatMap((apiGroup) =>
    ['pods', 'services'].flatMap((resource) =>
      [undefined, 'exec', 'log'].flatMap((subresource) =>
        ['', 'a', 'c'].flatMap((name) =>
          ['get', 'create'].map((verb) => ({
            ...(namespace !== undefined && { namespace }),
            apiGroup,
            resource,
            ...(subresource !== undefined && { subresource }),
            name,
            verb,
          })),
        ),
      ),
    ),
  ),
);

/** The authorizer's own words (kubernetes, plugin/pkg/auth/authorizer/rbac, RuleAllows; pkg/apis/rbac/v1, evaluation_helpers.go). */
function allows(held: readonly ScopedRule[], request: Request): boolean {
  const { namespace, apiGroup, resource, subresource, name, verb } = request;
  const has = (words: readonly string[] = [], word: string) => words.includes('*') || words.includes(word);
  return held.some((one) => {
    const isThere = !one.namespaces || (namespace !== undefined && one.namespaces.includes(namespace));
    const isNamed = !one.resourceNames?.length || one.resourceNames.includes(name);
    const combined = subresource === undefined ? resource : `${resource}/${subresource}`;
    const isOfKind =
      has(one.resources, combined) ||
      (subresource !== undefined && (one.resources ?? []).includes(`*/${subresource}`));
    return isThere && isNamed && isOfKind && has(one.verbs, verb) && has(one.apiGroups, apiGroup);
  });
}

describe('a rule covers', () => {
  test.each([
    ['itself', {}, {}],
    ['any verb by *', { verbs: ['*'] }, { verbs: ['deletecollection'] }],
    ['any group by *', { apiGroups: ['*'] }, { apiGroups: ['batch'] }],
    ['any resource by *', { resources: ['*'] }, { resources: ['pods/exec'] }],
    ['a subresource of any resource by */', { resources: ['*/exec'] }, { resources: ['pods/exec'] }],
    ['objects by name where it says none', {}, { resourceNames: ['a'] }],
    ['objects of its names', { resourceNames: ['a', 'b'] }, { resourceNames: ['b'] }],
    ['a namespace where it says none', {}, { namespaces: ['blue'] }],
    ['objects by name where its list of names is empty', { resourceNames: [] }, { resourceNames: ['a'] }],
  ])('%s', (_, held, asked) => {
    expect(subtract([rule(asked)], [rule(held)])).toEqual([]);
  });

  test.each([
    ['every verb by naming one', {}, { verbs: ['*'] }],
    ['a resource by its subresource', { resources: ['configmaps/status'] }, {}],
    ['a subresource by its resource', {}, { resources: ['configmaps/status'] }],
    ['every subresource by */ and one', { resources: ['*/exec'] }, { resources: ['pods/log'] }],
    ['all of a kind by */*', { resources: ['*/*'] }, {}],
    ['all objects by name', { resourceNames: ['a'] }, {}],
    ['all objects by no name', { resourceNames: [''] }, {}],
    ['everywhere by a namespace', { namespaces: ['blue'] }, {}],
    ['another namespace', { namespaces: ['blue'] }, { namespaces: ['green'] }],
    ['the core group by another', { apiGroups: ['apps'] }, {}],
  ])('but not %s', (_, held, asked) => {
    expect(subtract([rule(asked)], [rule(held)])).toHaveLength(1);
  });

  test('paths that are no resource, by their beginning, but never from within a namespace', () => {
    const urls = (...nonResourceURLs: string[]): ScopedRule => ({ nonResourceURLs, verbs: ['get'] });
    expect(subtract([urls('/metrics/cadvisor', '/metrics/')], [urls('/metrics/*')])).toEqual([]);
    expect(subtract([urls('/metrics')], [urls('/metrics/*')])).toHaveLength(1);
    expect(subtract([urls('/anything')], [urls('*')])).toEqual([]);
    expect(subtract([urls('/metrics')], [{ ...urls('*'), namespaces: ['blue'] }])).toHaveLength(1);
    expect(subtract([urls('/metrics')], [{ ...urls('/metrics'), verbs: ['head'] }])).toHaveLength(1);
  });

  test('no right that only several rules give together', () => {
    const [one, other] = [rule({ resourceNames: ['a'] }), rule({ resourceNames: ['b'] })];
    expect(subtract([rule({ resourceNames: ['a', 'b'] })], [one, other])).toEqual([]);
    expect(subtract([rule({ verbs: ['*'] })], [rule({ verbs: ['get'] }), rule({ verbs: ['list'] })])).toEqual(
      [{ apiGroup: '', resource: 'configmaps', verb: '*' }],
    );
  });
});

test('what is left is said right by right, each once, in the order of what was asked', () => {
  const asked = rule({ resources: ['secrets', 'configmaps'], verbs: ['get', 'list'], namespaces: ['blue'] });
  expect(subtract([asked, asked], [rule()]).map(renderRight)).toEqual([
    'get secrets in namespace blue',
    'list secrets in namespace blue',
    'list configmaps in namespace blue',
  ]);
});

test('a right is said as people write it', () => {
  expect(
    rightsIn([
      { apiGroups: ['apps'], resources: ['deployments/scale'], resourceNames: ['a'], verbs: ['patch'] },
      { nonResourceURLs: ['/metrics'], verbs: ['get'] },
    ]).map(renderRight),
  ).toEqual(['patch deployments.apps/scale "a"', 'get /metrics']);
});

test('in common have two rules what the narrower words say', () => {
  const some = rule({ resources: ['*/exec', 'configmaps'], verbs: ['*'], resourceNames: ['a'] });
  const others = rule({ resources: ['pods/exec', 'secrets'], verbs: ['create'], namespaces: ['blue'] });
  expect(intersect([some], [others])).toEqual([
    { namespace: 'blue', apiGroup: '', resource: 'pods/exec', name: 'a', verb: 'create' },
  ]);
});

describe('whatever the rules', () => {
  test('who holds them may give them, and one right less never covers more', () => {
    fc.assert(
      fc.property(rules, rules, rules, (asked, held, more) => {
        expect(subtract(asked, asked)).toEqual([]);
        const left = subtract(asked, held);
        expect(left).toEqual(expect.arrayContaining(subtract(asked, [...held, ...more])));
      }),
    );
  });

  test('what is covered lets nothing through that is not let through by what covers it', () => {
    fc.assert(
      fc.property(rules, rules, (asked, held) => {
        const given = rightsIn(asked)
          .filter((right) => covers(held, right))
          .map(ruleOf);
        for (const request of requests) if (allows(given, request)) expect(allows(held, request)).toBe(true);
      }),
    );
  });

  test('what two have in common lets through just what both let through', () => {
    fc.assert(
      fc.property(rules, rules, (some, others) => {
        const both = intersect(some, others).map(ruleOf);
        for (const request of requests)
          expect(allows(both, request)).toBe(allows(some, request) && allows(others, request));
        expect(subtract(both, some)).toEqual([]);
        expect(subtract(both, others)).toEqual([]);
      }),
    );
  });

  test('order, repetition and splitting do not change their normal form, nor does it change what they give', () => {
    fc.assert(
      fc.property(rules, fc.nat(), (some, turn) => {
        const split = rightsIn(some).map(ruleOf);
        const turned = [...split.slice(turn % (split.length + 1)), ...split, ...some].reverse();
        const normal = normalise(some);
        expect(normalise(turned)).toEqual(normal);
        expect(normalise(normal.map(ruleOf))).toEqual(normal);
        expect(subtract(some, normal.map(ruleOf))).toEqual([]);
        expect(subtract(normal.map(ruleOf), some)).toEqual([]);
      }),
    );
  });
});

test('a right of its own is a rule that gives it and nothing else', () => {
  fc.assert(
    fc.property(rules, (some) => {
      for (const right of rightsIn(some)) expect(rightsIn([ruleOf(right)])).toEqual([right]);
      expect(
        rightsIn(some)
          .filter(isUrlRight)
          .every(({ nonResourceURL }) => nonResourceURL !== ''),
      ).toBe(true);
    }),
  );
});

test('stars in the middle of a path are no wildcard, however many: each is looked at once', () => {
  const stars = '*'.repeat(1_000_000);
  const get = (nonResourceURL: string) => ({ nonResourceURL, verb: 'get' });
  const rules = [`/a${stars}x`, `/b${stars}`].map((url) => ({ nonResourceURLs: [url], verbs: ['get'] }));
  expect(rightsIn(rules)).toEqual([get(`/a${stars}x`), get('/b*')]);
  const held = [{ nonResourceURLs: [`/a${stars}x*`], verbs: ['get'] }];
  expect(covers(held, get(`/a${stars}xy`))).toBe(true);
  expect(covers(held, get('/a'))).toBe(false);
});
