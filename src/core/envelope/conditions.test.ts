import { describe, expect, test } from 'vitest';
import type { TaskGrant } from '../../api/taskgrant.ts';
import { aGrant, aPod, NOW, withGrantSpec } from '../testing/builders.ts';
import { complete, judge, judgeUpdate } from '../testing/judging.ts';
import { conditionFaults, conditionsAreMet, withoutConditionsOn, type Decided } from './conditions.ts';

const JANE = { username: 'jane' };
const wanting = (...expressions: string[]) =>
  aGrant(
    withGrantSpec({
      requestedBy: JANE,
      conditions: expressions.map((expression, index) => ({ name: `condition-${index}`, expression })),
    }),
  );

const MINT: Decided = {
  action: 'mint',
  token: { audiences: ['https://tools.example'], expirationSeconds: 600 },
};
const ADMIT: Decided = { action: 'admit', pod: aPod() };
const CREATION: Decided = { action: 'grant' };

const violationsOf = (grant: TaskGrant, decided: Decided, now = NOW) =>
  complete(conditionsAreMet({ grant, labels: { stage: 'test' }, now }, decided, 'metadata.name'));

test('a grant without conditions wants nothing', () => {
  expect(violationsOf(aGrant(), CREATION)).toEqual([]);
});

describe('an expression sees', () => {
  test.each<[string, Decided, string]>([
    ['what is decided', CREATION, "request.action == 'grant' && !has(request.pod) && !has(request.token)"],
    [
      'the pod that is admitted',
      ADMIT,
      "request.pod.spec.containers.all(c, c.image.startsWith('registry.example/'))",
    ],
    ['the token that is minted', MINT, "'https://tools.example' in request.token.audiences"],
    ['for how long it is', MINT, 'request.token.expirationSeconds <= 600'],
    ['the time', MINT, "request.time == timestamp('2026-11-23T09:00:30Z')"],
    ['the time elsewhere', MINT, "request.time.getHours('Europe/Berlin') == 10"],
    ['the grant', ADMIT, 'grant.spec.workload.maxPods == 1'],
    ['who asked for it', ADMIT, "requester.username == 'jane'"],
    ['the namespace', ADMIT, "namespaceObject.metadata.labels.stage != 'production'"],
    [
      'what is there only then, behind a guard',
      CREATION,
      "request.action != 'admit' || request.pod.metadata.name == 'x'",
    ],
    ['the same, by what is there', MINT, "!has(request.pod) || request.pod.metadata.name == 'x'"],
  ])('%s', (_, decided, expression) => {
    const grant = wanting(expression);
    expect(conditionFaults(grant)).toEqual([]);
    expect(violationsOf(grant, decided)).toEqual([]);
  });
});

test('a condition that is not true is named, with its message or itself', () => {
  const grant = aGrant(
    withGrantSpec({
      requestedBy: JANE,
      conditions: [
        { name: 'hours', expression: 'request.time.getHours() >= 12', message: 'only in the afternoon' },
        { name: 'staging', expression: "namespaceObject.metadata.labels.stage == 'staging'" },
      ],
    }),
  );
  const violation = {
    code: 'ConditionNotMet',
    path: 'metadata.name',
    asked: 'mint',
    fix: 'the kubelet asks again: it gets a token when the condition holds',
  };
  expect(violationsOf(grant, MINT)).toEqual([
    { ...violation, allowed: 'hours (only in the afternoon)' },
    { ...violation, allowed: "staging (namespaceObject.metadata.labels.stage == 'staging')" },
  ]);
  expect(violationsOf(grant, MINT, NOW + 3 * 3_600_000)).toHaveLength(1);
});

test('what is not there cannot be told, and that is a no', () => {
  expect(violationsOf(wanting("request.pod.metadata.name == 'x'"), CREATION)).toMatchObject([
    { asked: 'grant, of which it cannot be told: no pod there, at line 1, column 9' },
  ]);
});

test('who asks for what cannot be told is not told to wait, but to correct the expression', () => {
  const grant = wanting("request.time.getHours('Europe/Nowhere') < 24");
  const guards = "has(…) or 'key' in … guards what may be missing";
  expect(violationsOf(grant, CREATION)).toMatchObject([{ fix: `correct the expression: ${guards}` }]);
  expect(violationsOf(grant, MINT)).toMatchObject([
    { fix: `create a TaskGrant with the expression corrected: ${guards}` },
  ]);
});

test('each stands at its place, where it is asked for at one', () => {
  const facts = { grant: wanting('true', 'false'), labels: {}, now: NOW };
  expect(conditionsAreMet(facts, CREATION, (index) => `spec.conditions[${index}]`)).toMatchObject([
    { path: 'spec.conditions[1]' },
  ]);
});

test('nor what nobody knows', () => {
  const facts = { grant: aGrant(withGrantSpec({ conditions: [] })), labels: undefined, now: NOW };
  const grant = {
    ...facts.grant,
    spec: {
      ...facts.grant.spec,
      conditions:
        wanting("'a' in namespaceObject.metadata.labels || true", "requester.uid == ''").spec.conditions ??
        [],
    },
  };
  delete grant.spec.requestedBy;
  expect(conditionsAreMet({ ...facts, grant }, ADMIT, 'p')).toMatchObject([
    { asked: 'admit, of which it cannot be told: no variable requester, at line 1, column 1' },
  ]);
});

test('one that does not compile is named with its place, and is a no where it was stored all the same', () => {
  const grant = wanting('true', 'request.pods == 1');
  expect(complete(conditionFaults(grant))).toMatchObject([
    {
      code: 'ExpressionInvalid',
      path: 'spec.conditions[1].expression',
      allowed: 'No such key: pods, at line 1, column 9',
    },
  ]);
  expect(violationsOf(grant, ADMIT)).toMatchObject([
    {
      asked: 'admit, of which it cannot be told: No such key: pods',
      allowed: 'condition-1 (request.pods == 1)',
    },
  ]);
});

test('a pod is refused while a condition of its grant does not hold, and the label says which grant', () => {
  const grant = wanting("namespaceObject.metadata.labels.stage == 'test'");
  expect(judge(aPod(), grant, { namespaceLabels: { stage: 'test' } })).toEqual([]);
  expect(judge(aPod(), grant, { namespaceLabels: {} })).toMatchObject([
    { code: 'ConditionNotMet', path: 'metadata.labels[taskgrant.dev/grant]' },
  ]);
});

test('a change that adds something is decided on as well, and one that adds nothing is not', () => {
  const grant = wanting('request.time.getFullYear() == 1999');
  expect(judgeUpdate(aPod(), aPod(), grant)).toEqual([]);
  const more = aPod();
  more.spec?.containers.push({ name: 'more', image: more.spec.containers[0]?.image ?? '' });
  expect(judgeUpdate(aPod(), more, grant)).toMatchObject([{ code: 'ConditionNotMet' }]);
});

test('those that need what is not known are held, where the others keep their places, and are named', () => {
  const { grant, leftOut } = withoutConditionsOn(
    ['requester', 'namespaceObject'],
    wanting('true', "requester.username == 'x'", "namespaceObject.metadata.name == 'x'", 'nonsense'),
  );
  expect(leftOut).toEqual(['condition-1', 'condition-2']);
  expect(grant.spec.conditions?.map(({ expression }) => expression)).toEqual([
    'true',
    'true',
    'true',
    'nonsense',
  ]);
});
