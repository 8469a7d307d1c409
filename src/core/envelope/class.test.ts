import { describe, expect, test } from 'vitest';
import { renderViolation } from '../decision/denial.ts';
import {
  aClass,
  aGrant,
  withEnvelope,
  withGrantedTokens,
  withGrantSpec,
  withWorkload,
} from '../testing/builders.ts';
import { API_AUDIENCE, complete } from '../testing/judging.ts';
import { classIsAccepted, classNotFound, grantWithinClass, type Standing } from './class.ts';

const STANDING: Standing = { labels: {}, apiAudiences: [API_AUDIENCE] };

test('a class without limits bounds nothing', () => {
  expect(grantWithinClass(aGrant(withWorkload({ maxPods: 1000 })), aClass(), STANDING)).toEqual([]);
});

test('what is exactly at a limit is within it', () => {
  const limits = { maxDuration: '30m', maxPods: 1, maxTokenSeconds: 600, maxDelegationDepth: 0 };
  expect(
    grantWithinClass(aGrant(withGrantSpec({ duration: '1800s' })), aClass({ limits }), STANDING),
  ).toEqual([]);
});

describe('what is beyond a limit is named with its path', () => {
  test.each([
    ['duration', withGrantSpec({ duration: '1h1s' }), { maxDuration: '1h' }, 'spec.duration', '1h1s', '1h'],
    ['pods', withWorkload({ maxPods: 5 }), { maxPods: 4 }, 'spec.workload.maxPods', '5', '4'],
    [
      'a token’s lifetime',
      withGrantedTokens(
        { name: 'api', expirationSeconds: 600 },
        { name: 'tools', audience: 'https://tools.example', expirationSeconds: 901 },
      ),
      { maxTokenSeconds: 900 },
      'spec.envelope.tokens[1].expirationSeconds',
      '901 s',
      '900 s',
    ],
    [
      'delegation',
      withGrantSpec({ delegation: { maxDepth: 2, maxChildren: 1 } }),
      { maxDelegationDepth: 1 },
      'spec.delegation.maxDepth',
      '2',
      '1',
    ],
  ])('%s', (_, change, limits, path, asked, allowed) => {
    expect(grantWithinClass(aGrant(change), aClass({ limits }), STANDING)).toEqual([
      {
        code: 'LimitExceeded',
        path,
        asked,
        allowed,
        fix: 'ask for less than class default allows, or use another class',
      },
    ]);
  });
});

test('a class that is not there is told by its name, or as the default', () => {
  const missing = {
    code: 'ClassNotFound',
    path: 'spec.className',
    allowed: 'no such class',
    fix: 'name a TaskGrantClass that kubectl get taskgrantclasses shows',
  };
  expect(classNotFound('fast')).toEqual({ ...missing, asked: 'fast' });
  expect(classNotFound(undefined)).toEqual({ ...missing, asked: 'the default class' });
});

test('a class of which only a part can be enforced is not accepted, and it is said of which', () => {
  expect(classIsAccepted(aClass({}))).toEqual([]);
  expect(classIsAccepted(aClass({ validations: [{ expression: '1' }] }))).toEqual([
    {
      code: 'ClassNotAccepted',
      path: 'spec.className',
      asked:
        'default: spec.validations[0].expression: compiling it says must be a bool, and is of type int, at line 1, column 1 (asked 1)',
      allowed: 'Accepted=True',
      fix: 'use another class, or tell who keeps class default: correct the expression: docs/cel.md says what it can use',
    },
  ]);
});

test('what is wrong with a class is read however long the expression is in which it is', () => {
  const expression = `'${'x'.repeat(300)}'`;
  const [violation] = classIsAccepted(aClass({ validations: [{ expression }] }));
  expect(violation && renderViolation(violation)).toContain('must be a bool, and is of type string');
});

test('what a class does not limit is not limited', () => {
  const grant = aGrant(
    withGrantSpec({ duration: '24h', delegation: { maxDepth: 9, maxChildren: 1 } }),
    withGrantedTokens({ name: 'api', expirationSeconds: 86_400 }),
  );
  expect(grantWithinClass(grant, aClass({ limits: {} }), STANDING)).toEqual([]);
});

test('everything that a class says of a grant is said at once', () => {
  const grant = aGrant(withGrantSpec({ duration: '2h' }), withEnvelope({ secrets: ['db'] }));
  const itsClass = aClass({
    namespaceSelector: { matchLabels: { team: 'agents' } },
    limits: { maxDuration: '1h' },
    requireImageDigest: true,
    ceiling: { tokens: [{ expirationSeconds: 600 }] },
  });
  expect(complete(grantWithinClass(grant, itsClass, STANDING)).map(({ code }) => code)).toEqual([
    'NamespaceNotSelected',
    'LimitExceeded',
    'ImageNotPinned',
    'BeyondCeiling',
  ]);
});

describe('a class with a highest risk', () => {
  const limits = { maxRisk: 'Medium' as const };
  const giving = (...resources: string[]) =>
    aGrant(withEnvelope({ kubernetes: [{ apiGroups: [''], resources, verbs: ['get', 'list'] }] }));

  test('takes what is rated so', () => {
    expect(grantWithinClass(giving('configmaps'), aClass({ limits }), STANDING)).toEqual([]);
  });

  test('refuses what is rated worse, with each thing that it leads to, and not what is within', () => {
    const found = complete(
      grantWithinClass(giving('configmaps', 'secrets', 'pods/exec'), aClass({ limits }), STANDING),
    );
    expect(found).toMatchObject([
      {
        code: 'RiskTooHigh',
        path: 'spec.envelope.kubernetes',
        asked: expect.stringMatching(
          /^High: PodsEntered, who .*, by get pods\/exec in namespace agents/,
        ) as string,
        allowed: 'Medium',
      },
      {
        code: 'RiskTooHigh',
        asked:
          'High: SecretsReached, who reads Secrets, or plants them, by get secrets in namespace agents, list secrets in namespace agents',
      },
    ]);
  });

  test('refuses what is only Low where it takes nothing', () => {
    expect(
      grantWithinClass(giving('services'), aClass({ limits: { maxRisk: 'None' } }), STANDING),
    ).toMatchObject([{ code: 'RiskTooHigh', asked: 'Low', allowed: 'None' }]);
    expect(grantWithinClass(aGrant(), aClass({ limits: { maxRisk: 'None' } }), STANDING)).toEqual([]);
  });
});
