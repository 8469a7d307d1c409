/** What an action answers. What it does to the API server is shown in e2e/; here the server's answer is given. */
import { describe, expect, test } from 'vitest';
import { withChange } from '../core/lifecycle/change.ts';
import { decide } from '../core/lifecycle/decide.ts';
import { FINALIZER } from '../api/group.ts';
import { MOST_FINALIZERS, type InventoryItem } from '../api/taskgrant.ts';
import type { Action, Facts } from '../core/lifecycle/facts.ts';
import { issuedFor } from '../core/lifecycle/issued.ts';
import { aClass, aGrant, inPhase, NOW, withGrantSpec, withStatus } from '../core/testing/builders.ts';
import { aTaskPod, factsWhileActive, outlineOf, someFacts } from '../core/testing/lifecycle.ts';
import { ApiError, isConflict } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import { silentLogger } from '../kube/logger.ts';
import { taskGrants } from '../kube/resources.ts';
import { apply } from './apply.ts';
import { slimGrant } from './readers.ts';

const ALREADY_EXISTS = new ApiError('create', 409, { reason: 'AlreadyExists', message: 'already exists' });
const done = () => Promise.resolve(undefined);

function applied(action: Action, facts: Facts, answer: () => Promise<unknown> = done) {
  // Only the calls that these actions make; each gets the same answer.
  const client = { remove: answer, replace: answer } as unknown as Client;
  return apply(action, facts, { ...options, client });
}

const options = {
  now: () => NOW,
  signal: new AbortController().signal,
  logger: silentLogger,
  onStatus: () => undefined,
  onPodRemoved: () => undefined,
};

/** What is decided after the first action of the plan was carried out. */
async function decidedAfter(facts: Facts): Promise<string[][]> {
  const action = decide(facts).steps[0]?.[0];
  if (!action) throw new Error('something is to be done');
  return outlineOf(decide(withChange(facts, await applied(action, facts))));
}

describe('what is done is not decided on again, although the caches have not heard of it yet', () => {
  test('a pod too many is removed once', async () => {
    const pods = [aTaskPod('first', 'Running'), aTaskPod('second', 'Running')];
    const facts = factsWhileActive({ pods });
    expect(outlineOf(decide(facts))).toEqual([['removePod second'], ['writeStatus']]);
    expect(await decidedAfter(facts)).toEqual([['writeStatus']]);
  });

  test('so is a pod that came after the end', async () => {
    const grant = aGrant(inPhase('Completed'), withStatus({ finishedAt: '2026-11-23T09:00:20.000Z' }));
    const unheld = { ...grant, metadata: { ...grant.metadata, finalizers: [] } };
    const facts = someFacts({ grant: unheld, pods: [aTaskPod('late', 'Pending')] });
    expect(await decidedAfter(facts)).toEqual([]);
  });

  test('so is a grant whose receipt was readable for its time', async () => {
    const grant = aGrant(inPhase('Completed'), withStatus({ finishedAt: '2026-11-22T09:00:00.000Z' }));
    const facts = someFacts({ grant: { ...grant, metadata: { ...grant.metadata, finalizers: [] } } });
    expect(outlineOf(decide(facts))).toEqual([['removeGrant']]);
    expect(await decidedAfter(facts)).toEqual([]);
  });
});

describe('the finalizers of others', () => {
  const others = (count: number) => Array.from({ length: count }, (_, at) => `example.com/${at}`);
  const withFinalizers = (finalizers: string[]) => {
    const grant = aGrant();
    return { ...grant, metadata: { ...grant.metadata, finalizers } };
  };
  const writing = async (what: 'addFinalizer' | 'removeFinalizer', cached: string[], stored = cached) => {
    const written: unknown[] = [];
    const asked: unknown[] = [];
    const client = {
      get: (...[, place]: unknown[]) => {
        asked.push(place);
        return Promise.resolve(withFinalizers(stored));
      },
      patch: (...[, , { body }]: [unknown, unknown, { body: unknown }]) => {
        written.push(body);
        return Promise.resolve(withFinalizers(stored));
      },
    } as unknown as Client;
    await apply({ do: what }, someFacts({ grant: withFinalizers(cached) }), { ...options, client });
    return { written, asked };
  };
  const { name, namespace, resourceVersion } = aGrant().metadata;

  test('stay, when the product’s own comes and goes, and nobody is asked about them', async () => {
    expect(await writing('addFinalizer', others(2))).toEqual({
      written: [{ metadata: { finalizers: [...others(2), FINALIZER], resourceVersion } }],
      asked: [],
    });
    expect(await writing('removeFinalizer', [FINALIZER, ...others(MOST_FINALIZERS - 1)])).toEqual({
      written: [{ metadata: { finalizers: others(MOST_FINALIZERS - 1), resourceVersion } }],
      asked: [],
    });
  });

  test('stay where there are so many that the cache has not kept all, of the grant as it was decided on', async () => {
    const all = [...others(1000), FINALIZER];
    const cached = slimGrant(withFinalizers(all)).metadata.finalizers ?? [];
    expect(await writing('removeFinalizer', cached, all)).toEqual({
      written: [{ metadata: { finalizers: others(1000), resourceVersion } }],
      asked: [{ namespace, name }],
    });
  });
});

describe('what exists already under the name of what is created', () => {
  const facts = factsWhileActive({ class: aClass({ grantor: { namespace: 'system', name: 'grantor' } }) });
  const issued = issuedFor(facts.grant);
  const objectOf = (kind: string) => {
    const object = issued.find((one) => one.kind === kind);
    const there = facts.found.find((one) => one.kind === kind);
    if (!object || !there) throw new Error(`a ${kind} is issued`);
    return { object, there };
  };
  const creating = async (kind: string, grant = facts.grant) => {
    const { object, there } = objectOf(kind);
    const removed: unknown[] = [];
    const anew = { ...there, metadata: { ...there.metadata, uid: 'anew' } };
    const client = {
      create: () => (removed.length > 0 ? Promise.resolve(anew) : Promise.reject(ALREADY_EXISTS)),
      get: (what: unknown) => Promise.resolve(what === taskGrants ? grant : there),
      remove: (...[, , options]: unknown[]) => {
        removed.push(options);
        return done();
      },
    };
    const either = { ...client, as: () => client } as unknown as Client;
    const change = await apply({ do: 'create', object }, facts, { ...options, client: either });
    return { change, there, removed };
  };

  test('goes, where it gives rights: nobody knows as whom it was written', async () => {
    for (const kind of ['Role', 'RoleBinding']) {
      const { change, there, removed } = await creating(kind);
      expect(removed).toMatchObject([{ preconditions: { uid: there.metadata.uid } }]);
      expect(change.created?.metadata).toMatchObject({ name: there.metadata.name, uid: 'anew' });
    }
  });

  test('stays, where the grant is not as it was decided on: it may be active by now, and that in force', async () => {
    const { metadata } = facts.grant;
    const newer = { ...facts.grant, metadata: { ...metadata, resourceVersion: 'newer' } };
    await expect(creating('Role', newer)).rejects.toSatisfy(isConflict);
  });

  test('is taken as it is, where it is the account', async () => {
    const { change, there, removed } = await creating('ServiceAccount');
    expect([change.created, removed]).toEqual([there, []]);
  });
});

describe('an account that stands under the name of the grant’s own', () => {
  const facts = factsWhileActive();
  const [account] = facts.found.filter(({ kind }) => kind === 'ServiceAccount');
  if (!account) throw new Error('an account is issued');
  const item = {
    kind: account.kind,
    namespace: account.metadata.namespace ?? '',
    name: account.metadata.name,
  };
  const bare = { ...account, metadata: { ...account.metadata, uid: 'another', labels: {} } };

  test('is removed whatever its labels and its UID are: the name is made from the grant’s', async () => {
    const removed: unknown[] = [];
    const client = {
      get: () => Promise.resolve(bare),
      remove: (...[, , options]: unknown[]) => {
        removed.push(options);
        return Promise.resolve(undefined);
      },
    } as unknown as Client;
    await apply({ do: 'remove', item }, facts, { ...options, client });
    expect(removed).toMatchObject([{ preconditions: { uid: 'another' } }]);
  });

  test('is still there, says the look', async () => {
    const client = { get: () => Promise.resolve(bare) } as unknown as Client;
    const { progress } = await apply({ do: 'look', items: [item] }, facts, {
      ...options,
      client,
    });
    expect(progress?.look?.remaining).toEqual([item]);
  });
});

describe('a removal that a policy refuses', () => {
  const facts = factsWhileActive();
  const removing = (item: InventoryItem) => {
    const refuses = () => Promise.reject(new ApiError('delete roles', 403, { reason: 'Forbidden' }));
    const get = () => Promise.resolve(facts.found.find(({ kind }) => kind === 'Role'));
    const client = { remove: refuses, get } as unknown as Client;
    return apply({ do: 'remove', item }, facts, { ...options, client });
  };

  test('is an error where the object stands in the inventory', async () => {
    for (const item of facts.grant.status?.inventory ?? [])
      await expect(removing(item)).rejects.toThrow(ApiError);
  });

  test('is logged where somebody else has only labelled it so: the end does not hang on it', async () => {
    const item: InventoryItem = { kind: 'Role', namespace: 'mallory', name: 'taskgrant:agents:x', uid: '1' };
    expect(await removing(item)).toEqual({ removed: item });
  });
});

describe('a status', () => {
  const action: Action = { do: 'writeStatus', status: { phase: 'Revoking' } };
  const refused = (code: number, message: string) => () =>
    Promise.reject(new ApiError('update TaskGrant', code, { message }));

  test.each([
    ['too large for the API server', 413, 'Request entity too large'],
    ['too large for etcd', 500, 'etcdserver: request is too large'],
    ['against the schema', 422, 'status.pods: Too many'],
    ['more than the controller may write', 403, 'cannot update resource "taskgrants/status"'],
  ])('that is %s is known as not stored', async (_what, code, message) => {
    const change = await applied(action, factsWhileActive(), refused(code, message));
    expect(change.unrecorded).toContain(message);
  });

  test.each([
    ['somebody else was faster', 409, 'the object has been modified'],
    ['the grant is gone', 404, 'not found'],
    ['the server is overloaded', 429, 'try again'],
  ])('is to be tried again where %s', async (_what, code, message) => {
    await expect(applied(action, factsWhileActive(), refused(code, message))).rejects.toThrow(message);
  });

  test('is to be tried again where the server has failed, but for that of an end, which does not wait for it', async () => {
    const failed = refused(500, 'failed calling webhook');
    const other: Action = { do: 'writeStatus', status: { phase: 'Active' } };
    await expect(applied(other, factsWhileActive(), failed)).rejects.toThrow('failed calling webhook');
    const change = await applied(action, factsWhileActive(), failed);
    expect(change.unrecorded).toContain('failed calling webhook');
    const facts = factsWhileActive({}, withGrantSpec({ revoke: true }));
    expect(outlineOf(decide(withChange(facts, change)))[0]).toEqual(['remove RoleBinding']);
  });
});
