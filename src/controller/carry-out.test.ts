import { describe, expect, test } from 'vitest';
import type { Change } from '../core/lifecycle/change.ts';
import type { Action, Facts } from '../core/lifecycle/facts.ts';
import { revoke } from '../core/lifecycle/revocation.ts';
import { factsWhileRevoking, someFacts } from '../core/testing/lifecycle.ts';
import { carryOut } from './carry-out.ts';

const note: Action = { do: 'note', what: 'rbacRemovedAt' };
const ask: Action = { do: 'askRequester' };
const hold: Action = { do: 'addFinalizer' };

/** Records what was done, and answers with what is given for it. */
function recorder(answers: Partial<Record<Action['do'], Change | Error>>) {
  const done: Action['do'][] = [];
  const apply = (action: Action): Promise<Change> => {
    done.push(action.do);
    const answer = answers[action.do] ?? {};
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  return { done, apply };
}

describe('a plan', () => {
  test('is carried out step by step, each with the facts that the one before has changed', async () => {
    const seen: (readonly string[] | undefined)[] = [];
    const apply = (action: Action, { requesterLacks }: Facts): Promise<Change> => {
      seen.push(requesterLacks);
      return Promise.resolve(action.do === 'askRequester' ? { requesterLacks: ['get secrets'] } : {});
    };
    const after = await carryOut({ steps: [[ask], [note]] }, someFacts(), apply);
    expect(seen).toEqual([[], ['get secrets']]);
    expect(after.requesterLacks).toEqual(['get secrets']);
  });

  test('ends where an action failed, after those of the same step', async () => {
    const { done, apply } = recorder({ askRequester: new Error('no answer') });
    await expect(carryOut({ steps: [[ask, note], [hold]] }, someFacts(), apply)).rejects.toThrow('no answer');
    expect(done).toEqual(['askRequester', 'note']);
  });

  test('ends without an error where something could not be created for good, because that is decided on', async () => {
    const failure = { reason: 'BeyondCeiling' as const, message: 'not held' };
    const { done, apply } = recorder({ askRequester: { failure } });
    const after = await carryOut({ steps: [[ask], [note]] }, someFacts(), apply);
    expect(after.failure).toEqual(failure);
    expect(done).toEqual(['askRequester']);
  });

  test('is decided anew where something could not be created for good, though another action of the step threw', async () => {
    const failure = { reason: 'BeyondCeiling' as const, message: 'not held' };
    const { apply } = recorder({ askRequester: { failure }, note: new Error('no answer') });
    expect((await carryOut({ steps: [[note, ask]] }, someFacts(), apply)).failure).toEqual(failure);
  });

  test('that comes of such a failure is carried out to its end', async () => {
    const failure = { reason: 'BeyondCeiling' as const, message: 'not held' };
    const { done, apply } = recorder({});
    await carryOut({ steps: [[ask], [note]] }, someFacts({ failure }), apply);
    expect(done).toEqual(['askRequester', 'note']);
  });
});

test('a revocation removes all that it can, though a binding cannot be removed, and then fails to be tried again', async () => {
  const facts = factsWhileRevoking();
  const removed: string[] = [];
  const apply = (action: Action): Promise<Change> => {
    if (action.do !== 'remove') return Promise.resolve({});
    if (action.item.kind === 'RoleBinding' && action.item.namespace === 'support')
      return Promise.reject(new Error('denied by a policy of namespace support'));
    removed.push(`${action.item.kind} ${action.item.namespace}`);
    return Promise.resolve({ removed: action.item });
  };
  await expect(carryOut(revoke(facts), facts, apply)).rejects.toThrow('denied by a policy');
  expect(removed.toSorted()).toEqual([
    'Role agents',
    'Role support',
    'RoleBinding agents',
    'ServiceAccount agents',
  ]);
});
