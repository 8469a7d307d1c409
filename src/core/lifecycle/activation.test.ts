import { describe, expect, test } from 'vitest';
import { aClass, GRANT_ACCOUNT, withEnvelope, withGrantSpec } from '../testing/builders.ts';
import {
  aNamespace,
  aNewGrant,
  CEILING,
  conditionOf,
  withEverythingCreated,
  factsWhileProvisioning,
  outlineOf,
  someFacts,
  statusWrittenBy,
} from '../testing/lifecycle.ts';
import { activate } from './activation.ts';
import type { Facts } from './facts.ts';
import { inventoryItemOf, issuedFor } from './issued.ts';

const holders = aClass({ authorization: 'RequesterHolds' });
const provisioned = (changes: Partial<Facts> = {}) => withEverythingCreated(factsWhileProvisioning(changes));

describe('before anything is issued', () => {
  test('the grant is held, so that its deletion cannot leave anything behind', () => {
    const grant = aNewGrant();
    const unheld = { ...grant, metadata: { ...grant.metadata, finalizers: [] } };
    expect(outlineOf(activate(someFacts({ grant: unheld })))).toEqual([['addFinalizer']]);
  });

  test('it is asked what the requester holds now: a grant may have waited for long', () => {
    for (const itsClass of [holders, CEILING]) {
      const facts = someFacts({ class: itsClass });
      expect(outlineOf(activate(facts))).toEqual([['writeStatus']]);
      delete facts.requesterLacks;
      expect(outlineOf(activate(facts))).toEqual([['askRequester']]);
    }
  });

  test('the account gets a name that nobody could know before, whatever they know of the grant', () => {
    const names = ['bcdfghjk', 'zxwvtsrq'].map(
      (suffix) => statusWrittenBy(activate(someFacts({ suffix }))).serviceAccountName,
    );
    expect(names).toEqual(['taskgrant-summarise-4711-bcdfghjk', 'taskgrant-summarise-4711-zxwvtsrq']);
  });

  test('the account keeps the name that is recorded', () => {
    const facts = provisioned({
      suffix: 'zxwvtsrq',
      class: aClass({ authorization: 'Ceiling', limits: {} }),
    });
    expect(statusWrittenBy(activate(facts)).serviceAccountName).toBe(GRANT_ACCOUNT);
  });

  test('it is recorded what will be, under which decision, and that it is not there yet', () => {
    const facts = someFacts();
    const status = statusWrittenBy(activate(facts));
    expect(status).toMatchObject({
      phase: 'Pending',
      inventory: issuedFor(facts.grant, status.serviceAccountName).map(inventoryItemOf),
      serviceAccountName: status.inventory?.[0]?.name,
      decision: { id: expect.stringMatching(/^d-[0-9a-f]{16}$/) as string },
    });
    expect(conditionOf(status, 'Provisioned')).toMatchObject({ status: 'False', reason: 'Provisioning' });
    expect(conditionOf(status, 'Enforced')).toMatchObject({ status: 'True' });
    expect(status.activatedAt).toBeUndefined();
  });
});

describe('creation', () => {
  test('trusts nothing that gives rights and was there before, whatever its labels say, but takes an account', () => {
    const facts = { ...provisioned(), written: [] };
    expect(outlineOf(activate(facts))).toEqual([['create Role'], ['create RoleBinding']]);
  });

  test('makes account and Roles at once, and what binds them after that', () => {
    expect(outlineOf(activate(factsWhileProvisioning()))).toEqual([
      ['create ServiceAccount', 'create Role'],
      ['create RoleBinding'],
    ]);
  });

  test('goes on with what is missing', () => {
    const { found, ...facts } = provisioned();
    const half = found.filter(({ kind }) => kind !== 'RoleBinding');
    expect(outlineOf(activate({ ...facts, found: half }))).toEqual([['create RoleBinding']]);
  });

  test('does not take somebody else’s object of the same name for its own', () => {
    const { found, ...facts } = provisioned();
    const adopted = found.map((object) =>
      object.kind === 'ServiceAccount' ? { ...object, metadata: { ...object.metadata, labels: {} } } : object,
    );
    expect(outlineOf(activate({ ...facts, found: adopted }))).toEqual([['create ServiceAccount']]);
  });
});

describe('when everything is there', () => {
  const facts = provisioned();
  const status = statusWrittenBy(activate(facts));

  test('the grant is active from now until its duration is over', () => {
    expect(status).toMatchObject({
      phase: 'Active',
      activatedAt: '2026-11-23T09:00:30.000Z',
      expiresAt: '2026-11-23T09:30:30.000Z',
    });
  });

  test('the inventory says which very objects those are', () => {
    expect(status.inventory).toEqual(facts.found.map(inventoryItemOf));
  });

  test('every condition says so', () => {
    for (const type of ['Accepted', 'Enforced', 'Provisioned', 'Active'] as const) {
      expect(conditionOf(status, type)).toMatchObject({ status: 'True' });
    }
    expect(conditionOf(status, 'Revoked')).toMatchObject({ status: 'False', reason: 'NotRevoked' });
  });

  test('how many objects there are is said, be it one', () => {
    expect(conditionOf(status, 'Provisioned')?.message).toMatch(/^\d+ objects exist as decided$/);
    const alone = withEverythingCreated(factsWhileProvisioning({}, withEnvelope({ kubernetes: [] })));
    expect(conditionOf(statusWrittenBy(activate(alone)), 'Provisioned')?.message).toBe(
      '1 object exists as decided',
    );
  });
});

describe('a grant that has to wait', () => {
  const unproven = { enforcement: { proven: false, message: 'was let through' } };

  test('says for what, in that condition and in the summary', () => {
    const status = statusWrittenBy(activate(someFacts(unproven)));
    expect(status.phase).toBe('Pending');
    expect(conditionOf(status, 'Accepted')).toMatchObject({ status: 'True' });
    expect(conditionOf(status, 'Enforced')).toMatchObject({
      status: 'False',
      reason: 'EnforcementNotProven',
    });
    expect(conditionOf(status, 'Active')).toMatchObject({
      reason: 'EnforcementNotProven',
      message: 'was let through',
    });
  });

  test('is not said to wait for enforcement any more when it waits for its time', () => {
    const grant = aNewGrant(withGrantSpec({ notBefore: '2026-11-23T10:00:00Z' }));
    const before = statusWrittenBy(activate(someFacts({ ...unproven, grant })));
    const status = statusWrittenBy(activate(someFacts({ grant: { ...grant, status: before } })));
    expect(conditionOf(status, 'Enforced')).toMatchObject({ status: 'True' });
    expect(conditionOf(status, 'Active')).toMatchObject({ status: 'False', reason: 'NotBefore' });
  });

  test('gives back the rights that were made for it already, bindings first, and keeps its account', () => {
    const failure = { reason: 'CreationRefused' as const, message: 'exceeded quota' };
    const plan = activate(provisioned({ failure }));
    expect(outlineOf(plan)).toEqual([['remove RoleBinding'], ['remove Role'], ['writeStatus']]);
    expect(statusWrittenBy(plan).serviceAccountName).toBe(GRANT_ACCOUNT);
  });

  test('gives its account back too where its pods may not be judged meanwhile, and its name with it', () => {
    for (const change of [unproven, { class: undefined }, { namespace: aNamespace({}) }]) {
      const plan = activate(provisioned(change));
      expect(outlineOf(plan)).toEqual([['remove RoleBinding'], ['remove Role'], ['writeStatus']]);
      const status = statusWrittenBy(plan);
      expect(status).not.toHaveProperty('serviceAccountName');
      expect(status).not.toHaveProperty('inventory');
      const { grant, found } = provisioned(change);
      const left = found.filter(({ kind }) => kind === 'ServiceAccount');
      const next = activate(someFacts({ ...change, grant: { ...grant, status }, found: left }));
      expect(outlineOf(next)).toEqual([['remove ServiceAccount']]);
    }
  });

  test('is decided on anew without the account that a process left which ended on the way', () => {
    const { found } = provisioned();
    const plan = activate(someFacts({ found: found.filter(({ kind }) => kind === 'ServiceAccount') }));
    expect(outlineOf(plan)).toEqual([['remove ServiceAccount'], ['writeStatus']]);
  });

  test('gives them back also where its status cannot be stored, which waits', () => {
    const plan = activate(provisioned({ unrecorded: 'request is too large' }));
    expect(outlineOf(plan)).toEqual([['remove RoleBinding'], ['remove Role']]);
    expect(plan.againAt).toBeGreaterThan(someFacts().now);
  });
});

test('when the class changes before the grant is active, rights made under the old one go, and it is decided anew', () => {
  const changed = aClass({
    authorization: 'Ceiling',
    grantor: { namespace: 'taskgrant-system', name: 'taskgrant-grantor-narrower' },
  });
  const facts = provisioned({ class: changed });
  const plan = activate(facts);
  expect(outlineOf(plan)).toEqual([['remove RoleBinding'], ['remove Role'], ['writeStatus']]);
  const { decision } = statusWrittenBy(plan);
  expect(decision?.digest).not.toBe(facts.grant.status?.decision?.digest);
  const again = activate({
    ...facts,
    grant: { ...facts.grant, status: statusWrittenBy(plan) },
    found: facts.found.filter(({ kind }) => kind === 'ServiceAccount'),
  });
  expect(outlineOf(again)).toEqual([['create Role'], ['create RoleBinding']]);
});

describe('a grant that can never be active', () => {
  test('is finished at once where nothing was made for it', () => {
    const status = statusWrittenBy(activate(someFacts({ class: aClass({ limits: { maxDuration: '1m' } }) })));
    expect(status).toMatchObject({ phase: 'Denied', revocation: { reason: 'Denied' } });
    expect(conditionOf(status, 'Accepted')).toMatchObject({ status: 'False', reason: 'LimitExceeded' });
    expect(conditionOf(status, 'Active')?.message).toContain('spec.duration');
    expect(conditionOf(status, 'Revoked')).toMatchObject({ status: 'True' });
  });

  test('is revoked where something was', () => {
    const status = statusWrittenBy(
      activate(provisioned({ failure: { reason: 'BeyondCeiling', message: 'not currently held' } })),
    );
    expect(status).toMatchObject({ phase: 'Revoking', revocation: { reason: 'Denied' } });
    expect(conditionOf(status, 'Provisioned')).toMatchObject({ status: 'False', reason: 'BeyondCeiling' });
  });

  test('has its status stored however long the list of what its requester lacks', () => {
    const requesterLacks = Array.from(
      { length: 512 },
      (_, index) => `get configmaps "${'x'.repeat(200)}-${index}"`,
    );
    const status = statusWrittenBy(activate(someFacts({ class: holders, requesterLacks })));
    expect(status.phase).toBe('Denied');
    for (const { message } of status.conditions ?? []) expect(message.length).toBeLessThanOrEqual(32_768);
  });
});
