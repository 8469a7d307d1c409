import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Actors } from './actors.ts';
import type { BoundRules } from './bound.ts';
import { TOO_MANY } from './compact.ts';
import {
  ambientOf,
  effectiveRisk,
  joined,
  MOST_RATED,
  NOTHING_BESIDES,
  type AccessBesides,
} from './effective.ts';
import { isAtLeast } from './risk-level.ts';
import type { ScopedRule } from './right.ts';
import { riskOf } from './risk.ts';

const ACCOUNT = 'taskgrant-a-bcdfghjk';
const rule = (apiGroup: string, resource: string, verb: string, namespace?: string): ScopedRule => ({
  ...(namespace !== undefined && { namespaces: [namespace] }),
  apiGroups: [apiGroup],
  resources: [resource],
  verbs: [verb],
});
const besides = (bound: BoundRules[], actors: Actors[] = [], byHand: BoundRules[] = []): AccessBesides => ({
  ambient: { ...ambientOf(bound), actors },
  byHand,
  toItsNamespace: [],
});
const OWN = [rule('', 'services', 'get', 'agents')];
const codesOf = ({ findings }: { findings: { code: string }[] }) => findings.map(({ code }) => code);

test('an envelope by itself is rated as it is, and every finding says its level and rights', () => {
  expect(effectiveRisk(OWN, NOTHING_BESIDES, ACCOUNT)).toEqual({ level: 'Low', findings: [] });
  const { level, findings } = effectiveRisk([rule('', 'secrets', 'get', 'agents')], NOTHING_BESIDES, ACCOUNT);
  expect(level).toBe('High');
  expect(findings).toEqual([
    {
      code: 'SecretsReached',
      message: 'High: reads Secrets, or plants them (get secrets in namespace agents)',
    },
  ]);
});

test('nothing beyond what every identity has in every cluster is None', () => {
  const bound = [
    {
      by: 'ClusterRoleBinding system:basic-user',
      rules: [rule('authorization.k8s.io', 'selfsubjectaccessreviews', 'create')],
    },
    {
      by: 'ClusterRoleBinding system:cluster-trust-bundle-discovery',
      rules: ['get', 'list', 'watch'].map((verb) => rule('certificates.k8s.io', 'clustertrustbundles', verb)),
    },
  ];
  expect(effectiveRisk([], besides(bound), ACCOUNT)).toEqual({ level: 'None', findings: [] });
});

test('what is bound to every account counts, and says by which binding', () => {
  const bound = [
    { by: 'ClusterRoleBinding everybody-reads', rules: [rule('', 'secrets', 'get')] },
    { by: 'ClusterRoleBinding everybody-looks', rules: [rule('', 'services', 'get')] },
  ];
  const { level, findings } = effectiveRisk(OWN, besides(bound), ACCOUNT);
  expect(level).toBe('Critical');
  expect(findings).toEqual([
    {
      code: 'SecretsReached',
      message: 'Critical: reads Secrets, or plants them (get secrets); by ClusterRoleBinding everybody-reads',
    },
    {
      code: 'AmbientRights',
      message:
        'every service account here also holds what is bound by ClusterRoleBinding everybody-reads, ClusterRoleBinding everybody-looks',
    },
  ]);
});

test('what names the account counts, and is told of', () => {
  const byHand = [{ by: 'RoleBinding agents/mine', rules: [rule('', 'secrets', 'get', 'agents')] }];
  const risk = effectiveRisk(OWN, besides([], [], byHand), ACCOUNT);
  expect(risk.level).toBe('High');
  expect(codesOf(risk)).toEqual(['SecretsReached', 'BoundByHand']);
});

describe('parts that meet', () => {
  const CERTIFICATES = 'certificates.k8s.io';
  const asked = rule(CERTIFICATES, 'certificatesigningrequests', 'create');
  const approved = (namespace?: string) => ({
    by: 'ClusterRoleBinding approvers',
    rules: [
      rule(CERTIFICATES, 'certificatesigningrequests/approval', 'update', namespace),
      rule(CERTIFICATES, 'signers', 'approve', namespace),
    ],
  });

  test('one in the envelope and the others bound to everybody are found together', () => {
    const risk = effectiveRisk([asked], besides([approved()]), ACCOUNT);
    expect(risk.level).toBe('Critical');
    expect(risk.findings[0]).toMatchObject({ code: 'CertificatesOfAnybody' });
    expect(risk.findings[0]?.message).toContain('with what is bound besides the grant');
  });

  test('some bound to everybody and one to the account are found without the envelope', () => {
    const byHand = [{ by: 'ClusterRoleBinding mine', rules: [asked] }];
    expect(effectiveRisk([], besides([approved()], [], byHand), ACCOUNT).level).toBe('Critical');
  });

  test('in a namespace they do not meet', () => {
    expect(effectiveRisk([asked], besides([approved('other')]), ACCOUNT).level).toBe('Medium');
  });
});

test('who may act as the account is told of with their bindings, and raises nothing', () => {
  const actors = [
    { by: 'RoleBinding agents/devs', subjects: ['Group devs', 'User jane'] },
    { by: 'ClusterRoleBinding admins', subjects: ['User jane'] },
    { by: 'RoleBinding agents/other', subjects: ['User joe'], names: ['taskgrant-other-bcdfghjk'] },
  ];
  expect(effectiveRisk(OWN, besides([], actors), ACCOUNT)).toEqual({
    level: 'Low',
    findings: [
      {
        code: 'OthersActAsIt',
        message:
          'by impersonation, or by asking for its tokens, these may act as the account: 2 in all, Group devs (RoleBinding agents/devs), User jane (RoleBinding agents/devs)',
      },
    ],
  });
});

test('of very many only some are named, and nothing is larger than the CRD takes', () => {
  const bound = Array.from({ length: 500 }, (_, index) => ({
    by: `RoleBinding ${'n'.repeat(60)}/${'b'.repeat(200)}-${index}`,
    rules: [rule('*', '*', 'get', `namespace-${index}`)],
  }));
  const actors = [{ by: 'RoleBinding a/b', subjects: Array.from({ length: 500 }, (_, n) => `User ${n}`) }];
  const { findings } = effectiveRisk(OWN, besides(bound, actors), ACCOUNT);
  expect(findings.length).toBeLessThanOrEqual(64);
  for (const { message } of findings) expect(message.length).toBeLessThanOrEqual(1024);
  expect(findings.at(-1)?.message).toContain('64 or more');
});

const anyRule = fc.record({
  namespaces: fc.option(fc.subarray(['agents', 'other'], { minLength: 1 }), { nil: undefined }),
  apiGroups: fc.subarray(['', 'discovery.k8s.io', 'certificates.k8s.io', '*'], { minLength: 1 }),
  resources: fc.subarray(
    [
      'services',
      'endpoints',
      'endpointslices',
      'secrets',
      'certificatesigningrequests',
      'signers',
      '*/approval',
      '*',
    ],
    { minLength: 1 },
  ),
  verbs: fc.subarray(['get', 'create', 'update', 'approve', '*'], { minLength: 1 }),
});
const scoped = anyRule.map(({ namespaces, ...rest }): ScopedRule => ({
  ...rest,
  ...(namespaces && { namespaces }),
}));
const someRules = fc.array(scoped, { maxLength: 3 });

/** Each run rates a dozen rules against all that is known, several times. */
test('what was rated beforehand, in parts, is rated as all of it together', { timeout: 120_000 }, () => {
  fc.assert(
    fc.property(someRules, fc.array(someRules, { maxLength: 3 }), someRules, (own, parts, hand) => {
      const bound = parts.map((rules, index) => ({ by: `ClusterRoleBinding ${index}`, rules }));
      const access = besides(bound, [], [{ by: 'RoleBinding agents/hand', rules: hand }]);
      const everywhere = ambientOf(bound.slice(0, 1));
      const ambient = { ...joined(everywhere, ambientOf(bound.slice(1))), actors: [] };
      const all = riskOf([...own, ...parts.flat(), ...hand]).level;
      expect(effectiveRisk(own, access, ACCOUNT).level).toBe(all);
      expect(effectiveRisk(own, { ...access, ambient }, ACCOUNT).level).toBe(all);
    }),
    { numRuns: 200 },
  );
});

describe('however much is bound', () => {
  const verbs = (count: number, word: string) => Array.from({ length: count }, (_, n) => `${word}-${n}`);
  const role = (rights: number, word = 'verb'): ScopedRule[] => [
    { apiGroups: [''], resources: ['services'], verbs: verbs(rights, word) },
  ];
  const boundBy = (count: number, rules: readonly ScopedRule[], name = 'b') =>
    Array.from({ length: count }, (_, n) => ({
      by: `RoleBinding evil/${name}-${n}`,
      namespace: 'evil',
      rules,
    }));

  test('a role is looked at once, however many bind it in one place, and each of them is told of', () => {
    let reads = 0;
    const counting: ScopedRule = {
      apiGroups: [''],
      resources: ['secrets'],
      get verbs() {
        reads++;
        return ['get'];
      },
    };
    const readsFor = (count: number) => {
      reads = 0;
      const { findings } = ambientOf(boundBy(count, [counting]));
      return { reads, findings };
    };
    expect(readsFor(1000).reads).toBe(readsFor(1).reads);
    expect(readsFor(1000).findings[0]?.message).toContain('evil/b-3, and 996 more');
  });

  test('nothing is kept of it but what is told', () => {
    const one = ambientOf(boundBy(1000, role(1000)));
    expect(JSON.stringify({ ...one, halves: [] }).length).toBeLessThan(10_000);
  });

  test('what is beyond what is rated counts as everything, and the smallest are rated first', () => {
    const small = boundBy(1, [rule('', 'secrets', 'get')], 'small');
    const large = ['x', 'y', 'z'].flatMap((word) => boundBy(1, role(MOST_RATED / 2, word), word));
    const { level, findings } = effectiveRisk([], besides([...large, ...small]), ACCOUNT);
    expect(level).toBe('Critical');
    expect(findings.map(({ code }) => code)).toEqual([
      'NotRated',
      'SecretsReached',
      'VerbUnknown',
      'AmbientRights',
    ]);
    expect(findings[0]?.message).toContain('; by RoleBinding evil/y-0, RoleBinding evil/z-0');
    expect(ambientOf([...small, ...large.toReversed()])).toMatchObject({ level, halves: [] });
  });

  test('a role of which not all was kept is not rated, and is told of as that', () => {
    const { level, findings } = effectiveRisk([], besides(boundBy(1, TOO_MANY)), ACCOUNT);
    expect(level).toBe('Critical');
    expect(findings.map(({ code }) => code)).toEqual(['NotRated', 'AmbientRights']);
  });

  test('it is never rated better than it is, nor for a binding more', { timeout: 120_000 }, () => {
    const stars = rule('*', '*', 'get');
    const sizes = fc.array(fc.constantFrom(1, MOST_RATED / 4, MOST_RATED), { maxLength: 4 });
    fc.assert(
      fc.property(sizes, sizes, (some, more) => {
        const bound = (those: readonly number[], name: string) =>
          those.flatMap((size, n) => boundBy(1, size === 1 ? [stars] : role(size), `${name}-${n}`));
        const { level } = ambientOf(bound(some, 'a'));
        const all = bound(some, 'a').flatMap(({ namespace, rules }) =>
          rules.map((one) => ({ ...one, namespaces: [namespace] })),
        );
        expect(isAtLeast(level, riskOf(all).level)).toBe(true);
        expect(isAtLeast(ambientOf([...bound(some, 'a'), ...bound(more, 'b')]).level, level)).toBe(true);
      }),
      { numRuns: 10 },
    );
  });
});

test('no word of somebody else’s rule breaks a line or a terminal', () => {
  const [finding] = effectiveRisk(
    [],
    besides([{ by: 'a', rules: [rule('', 'pods', '\u001b[2J\n')] }]),
    ACCOUNT,
  ).findings;
  expect(finding?.message).toContain('(\\u{1b}[2J\\u{a} pods)');
});
