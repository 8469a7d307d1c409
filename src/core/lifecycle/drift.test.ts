import { describe, expect, test } from 'vitest';
import { aClass, inPhase, withEnvelope, withGrantSpec } from '../testing/builders.ts';
import { NOTHING_BESIDES } from '../rules/effective.ts';
import { aNamespace, factsWhileActive, factsWhileProvisioning } from '../testing/lifecycle.ts';
import { decide } from './decide.ts';
import { boundDrift, classDrift, isReasonToEnd, issuedDrift } from './drift.ts';
import type { Facts, Plan } from './facts.ts';
import { obstacleOf } from './gate.ts';

const suspends = withGrantSpec({ onDrift: 'Suspend' });
const statusesOf = ({ steps }: Plan) =>
  steps.flat().flatMap((action) => (action.do === 'writeStatus' ? [action.status] : []));
const without = (facts: Facts, kind: string): Facts => ({
  ...facts,
  found: facts.found.filter((object) => object.kind !== kind),
});

describe('what was issued', () => {
  test('has not drifted while everything is as it was', () => {
    expect(issuedDrift(factsWhileActive(), { isOver: false })).toBeUndefined();
  });

  test('has where a binding is gone, unless an end or a suspension whose record was lost removed it', () => {
    const facts = without(factsWhileActive(), 'RoleBinding');
    expect(issuedDrift(facts, { isOver: false })).toMatchObject({ ofAccount: false });
    expect(issuedDrift(facts, { isOver: true })).toBeUndefined();
    const toBeSuspended = without(factsWhileActive({}, withGrantSpec({ suspend: true })), 'RoleBinding');
    expect(issuedDrift(toBeSuspended, { isOver: false })).toBeUndefined();
  });

  test('is the account alone while the grant is suspended', () => {
    const facts = factsWhileActive({}, inPhase('Suspended'));
    expect(issuedDrift(without(facts, 'Role'), { isOver: false })).toBeUndefined();
    expect(issuedDrift(without(facts, 'ServiceAccount'), { isOver: false })).toMatchObject({
      message: expect.stringMatching(/^ServiceAccount .* is gone$/) as string,
      ofAccount: true,
    });
  });
});

describe('the class of an active grant', () => {
  test('allows what it allowed', () => {
    expect(classDrift(factsWhileActive())).toBeUndefined();
  });

  test('may have come to allow less, and everything that no longer fits is named', () => {
    const narrower = aClass({ limits: { maxDuration: '10m' }, ceiling: {} });
    const drift = classDrift(factsWhileActive({ class: narrower }, withEnvelope({ secrets: ['db'] })));
    expect(drift?.ofAccount).toBe(false);
    for (const path of ['spec.duration', 'spec.envelope.tokens[0]', 'spec.envelope.secrets[0]'])
      expect(drift?.message).toContain(path);
  });

  test('may have got a validation that is not true of it', () => {
    const failedValidations = [
      {
        code: 'ValidationFailed' as const,
        path: 'spec.validations[0]',
        asked: 'summarise-4711',
        allowed: 'say what the task is for',
        fix: 'ask for something else',
      },
    ];
    expect(classDrift(factsWhileActive({ failedValidations }))).toEqual({
      message: expect.stringContaining('the class wants say what the task is for') as string,
      ofAccount: false,
    });
  });

  test('may no longer select the namespace, whose labels have changed', () => {
    const selective = aClass({ namespaceSelector: { matchLabels: { team: 'agents' } } });
    const labelled = aNamespace({ 'taskgrant.dev/enforce': 'granted', team: 'agents' });
    expect(classDrift(factsWhileActive({ class: selective, namespace: labelled }))).toBeUndefined();
    expect(classDrift(factsWhileActive({ class: selective }))?.message).toContain('NamespaceNotSelected');
  });

  test('may be gone, and a grant without a ceiling has no bound', () => {
    expect(classDrift(factsWhileActive({ class: undefined }))?.message).toContain('ClassNotFound');
  });

  test('says nothing where it cannot be judged by: that is not the task’s fault', () => {
    const unclear = aClass({ limits: { maxDuration: '1m' }, validations: [{ expression: 'nobody' }] });
    expect(classDrift(factsWhileActive({ class: unclear }))).toBeUndefined();
  });

  test('is the gate’s business before the grant is active, and nobody’s while it is suspended', () => {
    expect(classDrift(factsWhileProvisioning({ class: undefined }))).toBeUndefined();
    expect(classDrift(factsWhileActive({ class: undefined }, inPhase('Suspended')))).toBeUndefined();
  });
});

describe('what others bind', () => {
  const named = (...by: string[]): Partial<Facts> => ({
    besides: { ...NOTHING_BESIDES, byHand: by.map((one) => ({ by: one, rules: [] })) },
  });
  const toAll = (since: string): Partial<Facts> => ({
    besides: { ...NOTHING_BESIDES, toItsNamespace: [{ by: 'RoleBinding agents/all', since }] },
  });
  const AFTER = '2026-11-23T09:00:31Z';

  test('is nothing where nothing is', () => {
    expect(boundDrift(factsWhileActive())).toBeUndefined();
  });

  test('to the account is drift of the account, whatever it gives, and before the grant is active too', () => {
    const by = ['ClusterRoleBinding a', 'RoleBinding b/c'];
    const drift = {
      message: 'more is bound to the account of the grant, by ClusterRoleBinding a, RoleBinding b/c',
      ofAccount: true,
    };
    expect(boundDrift(factsWhileActive(named(...by)))).toEqual(drift);
    expect(boundDrift(factsWhileProvisioning(named(...by)))).toEqual(drift);
    expect(boundDrift(factsWhileActive(named(...by), inPhase('Suspended')))).toEqual(drift);
  });

  test('is named as far as it helps', () => {
    const by = ['a', 'b', 'c', 'd', 'e', 'f'];
    expect(boundDrift(factsWhileActive(named(...by)))?.message).toMatch(/by a, b, c, d, and 2 more$/);
  });

  test('to the account ends a grant that says Suspend, because a suspended one has to hold nothing', () => {
    const [ending] = statusesOf(decide(factsWhileActive(named('RoleBinding a/b'), suspends)));
    expect(ending).toMatchObject({ phase: 'Revoking', revocation: { reason: 'Drifted' } });
  });

  test('to all accounts of its namespace is drift of an active grant, where it was bound since', () => {
    expect(boundDrift(factsWhileActive(toAll(AFTER)))).toEqual({
      message: 'more is bound to all service accounts of namespace agents, by RoleBinding agents/all',
      ofAccount: false,
    });
    const [suspended] = statusesOf(decide(factsWhileActive(toAll(AFTER), suspends)));
    expect(suspended).toMatchObject({ phase: 'Suspended', suspension: { reason: 'Drifted' } });
  });

  test('to all accounts there before the grant was active, or in the same second, is none: that was what an account holds there', () => {
    const { activatedAt = '' } = factsWhileActive().grant.status ?? {};
    expect(boundDrift(factsWhileActive(toAll('2026-11-20T00:00:00Z')))).toBeUndefined();
    expect(boundDrift(factsWhileActive(toAll(activatedAt)))).toBeUndefined();
    expect(boundDrift(factsWhileProvisioning(toAll(AFTER)))).toBeUndefined();
  });

  test('to all accounts is the gate’s business while the grant is suspended', () => {
    expect(boundDrift(factsWhileActive(toAll(AFTER), inPhase('Suspended')))).toBeUndefined();
    expect(obstacleOf(factsWhileActive(toAll(AFTER), inPhase('Suspended')))?.finding).toMatchObject({
      type: 'Accepted',
      reason: 'Drifted',
    });
    expect(obstacleOf(factsWhileProvisioning(toAll(AFTER)))).toBeUndefined();
  });
});

describe('drift', () => {
  const ofRights = { message: '', ofAccount: false };

  test('ends a grant, and suspends one that says so', () => {
    expect(isReasonToEnd(factsWhileActive(), ofRights)).toBe(true);
    expect(isReasonToEnd(factsWhileActive({}, suspends), ofRights)).toBe(false);
  });

  test('of the account ends both: there is nothing to give rights back to', () => {
    expect(isReasonToEnd(factsWhileActive({}, suspends), { ...ofRights, ofAccount: true })).toBe(true);
  });

  test('ends what is over anyway', () => {
    const { grant, found } = without(factsWhileActive({}, suspends), 'Role');
    const widened = found.map((object) =>
      object.kind === 'RoleBinding' ? { ...object, subjects: [] } : object,
    );
    const late = factsWhileActive({ grant, found: widened, now: Date.parse('2026-11-23T09:30:00Z') });
    const [status] = statusesOf(decide(late));
    expect(status).toMatchObject({ phase: 'Revoking', revocation: { reason: 'Drifted' } });
  });
});
