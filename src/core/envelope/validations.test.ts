import { describe, expect, test } from 'vitest';
import { aClass, aGrant, withGrantedTokens, withGrantSpec, withWorkload } from '../testing/builders.ts';
import { complete } from '../testing/judging.ts';
import { satisfiesValidations, withoutValidationsOn, type ValidationFacts } from './validations.ts';

const FACTS: ValidationFacts = {
  requester: { username: 'jane', groups: ['agents-team'] },
  labels: { team: 'agents' },
};

const violationsOf = (expression: string, grant = aGrant(), facts = FACTS) =>
  complete(satisfiesValidations(grant, aClass({ validations: [{ expression }] }), facts));

test('a class without validations has nothing to say', () => {
  expect(satisfiesValidations(aGrant(), aClass(), FACTS)).toEqual([]);
});

describe('what is true of a grant', () => {
  test.each([
    'grant.spec.task.intent.size() > 5',
    "grant.metadata.name == 'summarise-4711' && grant.metadata.namespace == 'agents'",
    'grant.spec.workload.maxPods == 1 && !grant.spec.workload.allowExec',
    "duration(grant.spec.duration) <= duration('1h')",
    'grant.spec.envelope.tokens.all(t, t.expirationSeconds <= 600)',
    "grant.spec.workload.images.all(i, i.startsWith('registry.example/'))",
    '!has(grant.spec.limits) && !has(grant.spec.notBefore)',
    "requester.username == 'jane' && 'agents-team' in requester.groups",
    // Whoever authenticated jane said nothing of these.
    "requester.uid == '' && requester.extra.size() == 0",
    "namespaceObject.metadata.name == 'agents' && namespaceObject.metadata.labels.team == 'agents'",
  ])('%s', (expression) => {
    expect(violationsOf(expression)).toEqual([]);
  });
});

test('a validation that is not true is named with what its class wants, and with the grant', () => {
  const validations = [
    { expression: 'true' },
    { expression: 'grant.spec.workload.maxPods > 1', message: 'tasks of this class need retries' },
    { expression: 'grant.spec.workload.maxPods > 2' },
  ];
  const violation = (index: number, allowed: string) => ({
    code: 'ValidationFailed',
    path: 'spec.className',
    asked: `default, whose spec.validations[${index}] is not true of summarise-4711`,
    allowed,
    fix: 'ask for something else, or use another class than default',
  });
  const failed = satisfiesValidations(aGrant(), aClass({ validations }), FACTS);
  expect(failed).toEqual([
    violation(1, 'tasks of this class need retries (grant.spec.workload.maxPods > 1)'),
    violation(2, 'grant.spec.workload.maxPods > 2'),
  ]);
});

test('one that cannot be told is a no, with the reason', () => {
  expect(violationsOf("grant.spec.limits.writes < 100 || requester.username == 'x'")).toMatchObject([
    {
      asked:
        'default, whose spec.validations[0] cannot be told of summarise-4711: no limits there, at line 1, column 12',
      fix: 'say in the TaskGrant what it reads, use another class than default, or tell who keeps it',
    },
  ]);
});

test('who is not known is not taken for nobody, nor a namespace for one without labels', () => {
  const nobody: ValidationFacts = { requester: undefined, labels: undefined };
  expect(violationsOf("!('admins' in requester.groups)", aGrant(), nobody)).toMatchObject([
    {
      asked:
        'default, whose spec.validations[0] cannot be told of summarise-4711: no variable requester, at line 1, column 15',
    },
  ]);
  expect(violationsOf("!('team' in namespaceObject.metadata.labels)", aGrant(), nobody)).toMatchObject([
    { code: 'ValidationFailed' },
  ]);
  expect(violationsOf('grant.spec.workload.maxPods == 1', aGrant(), nobody)).toEqual([]);
});

test('what becomes of a grant is not seen, nor who is written in it as its requester', () => {
  const grant = aGrant(withGrantSpec({ suspend: true, requestedBy: { username: 'mallory' } }));
  for (const field of ['suspend', 'requestedBy', 'approval', 'revoke'])
    expect(violationsOf(`has(grant.spec.${field})`, grant)).toHaveLength(1);
});

test('those that read what is not known are held, where the others keep their places, and are told by theirs', () => {
  const validations = [
    { expression: 'grant.spec.workload.maxPods == 1' },
    { expression: "requester.username == 'jane'" },
    { expression: "namespaceObject.metadata.labels.team == 'agents'" },
    { expression: 'requester +' },
  ];
  const { itsClass, leftOut } = withoutValidationsOn(['requester', 'other'], aClass({ validations }));
  expect(leftOut).toEqual(['spec.validations[1]']);
  expect(itsClass.spec.validations).toEqual(validations.with(1, { expression: 'true' }));
});

test('validations of one class share a budget', () => {
  const expression =
    'grant.spec.envelope.tokens.all(a, grant.spec.envelope.tokens.all(b, grant.spec.envelope.tokens.all(c, true)))';
  const tokens = Array.from({ length: 64 }, (_, i) => ({
    name: `t${i}`,
    audience: `https://${i}.example`,
    expirationSeconds: 600,
  }));
  const grant = aGrant(withGrantedTokens(...tokens), withWorkload({ maxPods: 2 }));
  const found = satisfiesValidations(
    grant,
    aClass({ validations: [{ expression }, { expression }, { expression: 'true' }] }),
    FACTS,
  );
  expect(found).not.toEqual([]);
  expect(found.at(-1)).toMatchObject({
    path: 'spec.className',
    asked: 'default, whose spec.validations[2] cannot be told of summarise-4711: it takes too many steps',
  });
});
