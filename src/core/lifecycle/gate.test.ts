import { describe, expect, test } from 'vitest';
import { aClass, withApproval, withEnvelope, withGrantSpec } from '../testing/builders.ts';
import { aNamespace, aNewGrant, CEILING, someFacts } from '../testing/lifecycle.ts';
import type { Facts } from './facts.ts';
import { isHeld, obstacleOf } from './gate.ts';

const limited = aClass({
  authorization: 'Ceiling',
  limits: { maxDuration: '10m', maxActivePerNamespace: 2 },
});
const holders = aClass({ authorization: 'RequesterHolds' });

test('nothing stands in the way of a grant that is in order', () => {
  for (const level of ['granted', 'required']) {
    const namespace = aNamespace({ 'taskgrant.dev/enforce': level });
    expect(obstacleOf(someFacts({ namespace }))).toBeUndefined();
  }
});

describe('a grant waits, and is told what for', () => {
  test.each<[string, Partial<Facts>, { type: string; reason: string; message: string }]>([
    [
      'until its class exists',
      { class: undefined },
      { type: 'Accepted', reason: 'ClassNotFound', message: 'TaskGrantClass default does not exist' },
    ],
    [
      'until the grantor of its class is one that the floor knows',
      { class: aClass({ grantor: { namespace: 'taskgrant-system', name: 'deployer' } }) },
      { type: 'Accepted', reason: 'ClassNotAccepted', message: 'spec.grantor' },
    ],
    [
      'until the expressions of its class compile',
      { class: aClass({ authorization: 'Ceiling', validations: [{ expression: 'nobody' }] }) },
      { type: 'Accepted', reason: 'ClassNotAccepted', message: 'spec.validations' },
    ],
    [
      'until its class selects its namespace, which may be labelled yet',
      { class: aClass({ namespaceSelector: { matchLabels: { team: 'agents' } } }) },
      { type: 'Accepted', reason: 'NamespaceNotSelected', message: 'team=agents' },
    ],
    [
      'until its namespace is known, where its class selects some',
      {
        class: aClass({ namespaceSelector: { matchLabels: { team: 'agents' } } }),
        namespace: undefined,
      },
      { type: 'Accepted', reason: 'NamespaceNotSelected', message: 'asked agents' },
    ],
    [
      'until its namespace is enforced',
      { namespace: aNamespace({}) },
      {
        type: 'Enforced',
        reason: 'NamespaceNotEnforced',
        message: 'kubectl label namespace agents taskgrant.dev/enforce=granted',
      },
    ],
    [
      'while it is to be suspended',
      { grant: aNewGrant(withGrantSpec({ suspend: true })) },
      { type: 'Active', reason: 'Suspended', message: 'spec.suspend is true' },
    ],
    [
      'until its namespace is known at all',
      { namespace: undefined },
      { type: 'Enforced', reason: 'NamespaceNotEnforced', message: 'not judged in namespace agents' },
    ],
    [
      'until what its namespace has for a level is one',
      { namespace: aNamespace({ 'taskgrant.dev/enforce': 'strict' }) },
      {
        type: 'Enforced',
        reason: 'NamespaceNotEnforced',
        message:
          'strict, the level of namespace agents, is none: kubectl label --overwrite namespace agents taskgrant.dev/enforce=granted',
      },
    ],
    [
      'until enforcement is proven',
      { enforcement: { proven: false, message: 'a pod that has to be refused was let through' } },
      { type: 'Enforced', reason: 'EnforcementNotProven', message: 'was let through' },
    ],
    [
      'until its time has come',
      { grant: aNewGrant(withGrantSpec({ notBefore: '2026-11-23T10:00:00Z' })) },
      { type: 'Active', reason: 'NotBefore', message: 'not before 2026-11-23T10:00:00Z' },
    ],
    [
      'until what refuses the creation of its objects has been mended',
      { failure: { reason: 'CreationRefused', message: 'exceeded quota' } },
      { type: 'Provisioned', reason: 'CreationRefused', message: 'exceeded quota' },
    ],
    [
      'until its status can be stored',
      { unrecorded: 'request is too large' },
      { type: 'Active', reason: 'Pending', message: 'request is too large' },
    ],
  ])('%s', (_until, change, { message, ...finding }) => {
    const obstacle = obstacleOf(someFacts(change));
    expect(obstacle?.outcome).toBe('wait');
    expect(obstacle?.finding).toMatchObject({ ...finding, status: 'False' });
    expect(obstacle?.finding.message).toContain(message);
  });

  test('and is looked at again when nothing else would tell that the obstacle is gone', () => {
    const { now } = someFacts();
    const until = (change: Partial<Facts>) => obstacleOf(someFacts(change))?.until;
    expect(until({ grant: aNewGrant(withGrantSpec({ notBefore: '2026-11-23T10:00:00Z' })) })).toBe(
      Date.parse('2026-11-23T10:00:00Z'),
    );
    expect(until({ enforcement: { proven: false, message: 'not yet' } })).toBeGreaterThan(now);
    expect(until({ failure: { reason: 'CreationRefused', message: 'quota' } })).toBeGreaterThan(now);
    expect(until({ unrecorded: 'too large' })).toBeGreaterThan(now);
  });

  test.each([
    ['at first', 0, 5],
    ['later', 20, 20],
    ['and at least once a minute', 3600, 60],
  ])('what was refused is tried again less and less often: %s', (_when, triedForSeconds, afterSeconds) => {
    const { now } = someFacts();
    const began = new Date(now - triedForSeconds * 1000).toISOString();
    const grant = aNewGrant((fresh) => ({
      ...fresh,
      status: {
        conditions: [
          {
            type: 'Provisioned',
            status: 'False',
            reason: 'CreationRefused',
            message: 'quota',
            lastTransitionTime: began,
            observedGeneration: 1,
          },
        ],
      },
    }));
    const obstacle = obstacleOf(
      someFacts({ grant, failure: { reason: 'CreationRefused', message: 'quota' } }),
    );
    expect(obstacle?.until).toBe(now + afterSeconds * 1000);
  });
});

describe('a grant is denied for good, and is told why', () => {
  test.each<[string, Partial<Facts>, { type: string; reason: string; message: string }]>([
    [
      'when it declares what this version cannot enforce',
      { grant: aNewGrant(withGrantSpec({ parentRef: { name: 'plan' } })) },
      { type: 'Accepted', reason: 'NotSupportedYet', message: 'spec.parentRef' },
    ],
    [
      'when a validation of its class is not true of it',
      {
        failedValidations: [
          {
            code: 'ValidationFailed',
            path: 'spec.validations[0]',
            asked: 'summarise-4711',
            allowed: 'say what the task is for',
            fix: 'ask for something else',
          },
        ],
      },
      { type: 'Accepted', reason: 'ValidationFailed', message: 'say what the task is for' },
    ],
    [
      'when it names no class and none was the default, since none can be added later',
      { grant: withoutClassName(), class: undefined },
      { type: 'Accepted', reason: 'ClassNotFound', message: 'set spec.className in a new TaskGrant' },
    ],
    [
      'when it asks for more than the limits of its class',
      { class: limited },
      { type: 'Accepted', reason: 'LimitExceeded', message: 'spec.duration: asked 30m' },
    ],
    [
      'when its class wants images by digest',
      { class: aClass({ requireImageDigest: true }) },
      { type: 'Accepted', reason: 'ImageNotPinned', message: 'spec.workload.images[0]' },
    ],
    [
      'when it asks for what the ceiling of its class does not have',
      { class: aClass({ ceiling: {} }) },
      { type: 'Accepted', reason: 'BeyondCeiling', message: 'spec.envelope.tokens[0]' },
    ],
    [
      'when the namespace has as many grants of the class as may be',
      { class: limited, grant: aNewGrant(withGrantSpec({ duration: '5m' })), olderUnfinished: 2 },
      {
        type: 'Accepted',
        reason: 'LimitExceeded',
        message: 'has 2 unfinished grants of the class, and 2 are allowed',
      },
    ],
    [
      'when the webhooks leave its namespace alone, whatever its labels say',
      { neverJudged: true },
      { type: 'Enforced', reason: 'NamespaceNotEnforced', message: 'in another one' },
    ],
    [
      'when the time before which it must not begin is none',
      { grant: aNewGrant(withGrantSpec({ notBefore: '2026-11-23T10:00:00+24:30' })) },
      { type: 'Accepted', reason: 'NotBefore', message: '+24:30' },
    ],
    [
      'when admission did not stamp who asked',
      { grant: withoutRequester() },
      { type: 'Accepted', reason: 'RequesterUnknown', message: 'create it anew' },
    ],
    [
      'when the requester does not hold what it gives, and the class says so',
      { class: holders, requesterLacks: ['get configmaps in namespace support'] },
      {
        type: 'Accepted',
        reason: 'BeyondRequester',
        message: 'jane does not hold: get configmaps in namespace support',
      },
    ],
    [
      'when the requester may not use the class any more, whatever the class says',
      { class: CEILING, requesterLacks: ['use taskgrantclasses.taskgrant.dev "ops" in namespace agents'] },
      { type: 'Accepted', reason: 'BeyondRequester', message: 'does not hold: use taskgrantclasses' },
    ],
    [
      'when the API server says that the grantor does not hold it',
      { failure: { reason: 'BeyondCeiling', message: 'not currently held' } },
      { type: 'Provisioned', reason: 'BeyondCeiling', message: 'not currently held' },
    ],
    [
      'when somebody else has a name that it needs',
      { failure: { reason: 'NameTaken', message: 'Role agents/x exists' } },
      { type: 'Provisioned', reason: 'NameTaken', message: 'Role agents/x exists' },
    ],
  ])('%s', (_when, change, { message, ...finding }) => {
    const obstacle = obstacleOf(someFacts(change));
    expect(obstacle?.outcome).toBe('deny');
    expect(obstacle?.finding).toMatchObject({ ...finding, status: 'False' });
    expect(obstacle?.finding.message).toContain(message);
  });
});

test('one grant less than the number allowed may follow', () => {
  const grant = aNewGrant(withGrantSpec({ duration: '5m' }));
  expect(obstacleOf(someFacts({ class: limited, grant, olderUnfinished: 1 }))).toBeUndefined();
});

test('what people must mend first is named first', () => {
  const grant = aNewGrant(withGrantSpec({ limits: { writes: 3 }, notBefore: '2099-01-01T00:00:00Z' }));
  const all = {
    grant,
    class: undefined,
    namespace: aNamespace({}),
    enforcement: { proven: false, message: '' },
  };
  expect(obstacleOf(someFacts(all))?.finding.reason).toBe('NotSupportedYet');
});

test('a grant is held while its finalizer is on it, among those of others', () => {
  const grant = aNewGrant();
  const withFinalizers = (finalizers?: string[]) => ({
    grant: {
      ...grant,
      metadata: { ...grant.metadata, ...(finalizers ? { finalizers } : { finalizers: [] }) },
    },
  });
  expect(isHeld(withFinalizers(['example.com/other', 'taskgrant.dev/revocation']))).toBe(true);
  expect(isHeld(withFinalizers(['example.com/other']))).toBe(false);
  expect(isHeld(withFinalizers())).toBe(false);
});

function withoutClassName() {
  const { className, ...spec } = aNewGrant().spec;
  expect(className).toBe('default');
  return { ...aNewGrant(), spec };
}

function withoutRequester() {
  const { requestedBy, ...spec } = aNewGrant().spec;
  expect(requestedBy).toBeDefined();
  return { ...aNewGrant(), spec };
}

describe('a grant whose class wants approval', () => {
  // Created half a minute before.
  const wanting = (maxWait = '1h') =>
    aClass({ authorization: 'Ceiling', approval: { requiredAtRisk: 'Medium', maxWait } });
  const reasonOf = (changes: Partial<Facts>) => {
    const { outcome, finding } = obstacleOf(someFacts({ class: wanting(), ...changes })) ?? {};
    return outcome && [outcome, finding?.type, finding?.reason];
  };

  test('waits for it, so long as its class says from its creation', () => {
    const obstacle = obstacleOf(someFacts({ class: wanting() }));
    expect(obstacle).toMatchObject({
      outcome: 'wait',
      finding: { type: 'Approved', reason: 'AwaitingApproval' },
      until: Date.parse('2026-11-23T09:59:59Z'),
    });
    expect(obstacle?.finding.message).toContain('the verb approve on taskgrantclass default');
    expect(obstacle?.finding.message).toContain('until 2026-11-23T09:59:59.000Z');
  });

  test('is denied when that is over', () => {
    expect(reasonOf({ class: wanting('31s') })).toEqual(['deny', 'Approved', 'NotApprovedInTime']);
    expect(reasonOf({ class: wanting('32s') })).toEqual(['wait', 'Approved', 'AwaitingApproval']);
  });

  test('goes on when it is approved, also later than that', () => {
    expect(reasonOf({ grant: aNewGrant(withApproval()), class: wanting('1s') })).toBeUndefined();
  });

  test('is denied when it is denied, in the words of who did; so is one that needed no approval', () => {
    const grant = aNewGrant(withApproval('Denied'));
    for (const itsClass of [wanting(), CEILING])
      expect(obstacleOf(someFacts({ grant, class: itsClass }))).toMatchObject({
        outcome: 'deny',
        finding: {
          reason: 'ApprovalDenied',
          message: 'denied by joe at 2026-11-23T09:00:10.000Z: looked at',
        },
      });
  });

  test('is denied with an approval that is none', () => {
    const grant = aNewGrant(withGrantSpec({ approval: { decision: 'Approved' } }));
    expect(reasonOf({ grant })).toEqual(['deny', 'Approved', 'ApprovalInvalid']);
    const other = withEnvelope({ secrets: ['db'] })(aNewGrant(withApproval()));
    expect(reasonOf({ grant: other })).toEqual(['deny', 'Approved', 'ApprovalInvalid']);
  });

  test('waits for nothing where it is rated lower, and is denied where it is too high to be asked about', () => {
    expect(reasonOf({ grant: aNewGrant(withEnvelope({ kubernetes: [] })) })).toBeUndefined();
    const both = aClass({ approval: { requiredAtRisk: 'Low', maxWait: '1h' }, limits: { maxRisk: 'Low' } });
    expect(reasonOf({ class: both })).toEqual(['deny', 'Accepted', 'RiskTooHigh']);
  });
});
