import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Stored } from '../api/kubernetes.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import {
  aGrant,
  GRANT_NAME,
  inPhase,
  justCreated,
  NAMESPACE,
  NOW,
  withGrantSpec,
} from '../core/testing/builders.ts';
import { ApiError } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import type { Change } from '../kube/store.ts';
import type { Wait } from './facts.ts';
import { createGrantFacts } from './grant-facts.ts';

const pending = aGrant(justCreated);
const active = aGrant();
const LONG = 60_000;

const withUid =
  (uid: string) =>
  (grant: Stored<TaskGrant>): Stored<TaskGrant> => ({ ...grant, metadata: { ...grant.metadata, uid } });

/** A cache that holds what it is told, and an API server that has one grant or none. */
function aWorld({ cached, stored }: { cached?: Stored<TaskGrant>; stored?: Stored<TaskGrant> } = {}) {
  const world = { cached, stored, asked: 0, held: 0 };
  const handlers: ((change: Change<TaskGrant>) => void)[] = [];
  const get = (() => {
    world.asked += 1;
    return world.stored
      ? Promise.resolve(world.stored)
      : Promise.reject(new ApiError('get taskgrants', 404, { reason: 'NotFound' }));
  }) as unknown as Client['get'];
  const facts = createGrantFacts({
    client: { get },
    cache: {
      get: () => world.cached,
      byIndex: (_index, value) => (value === 'agents/default' ? [active, active] : []),
      subscribe: (handler) => {
        handlers.push(handler);
        return () => undefined;
      },
    },
    metrics: {
      holding: () => {
        world.held += 1;
        return () => {
          world.held -= 1;
        };
      },
    },
    now: () => NOW,
  });
  /** The API server stores it, and the watch tells of it. */
  const put = (grant: Stored<TaskGrant>) => {
    world.stored = grant;
    world.cached = grant;
    for (const handler of handlers) handler({ type: 'added', object: grant });
  };
  const settled = ({
    ms = LONG,
    signal = new AbortController().signal,
    namespace = NAMESPACE,
    name = GRANT_NAME,
    ...rest
  }: Partial<Wait> & { namespace?: string; name?: string } = {}) =>
    facts.settled(namespace, name, { ms, signal, ...rest });
  return { world, facts, put, settled };
}

/** Lets everything run that waits for nothing but its turn. */
const turns = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a grant', () => {
  test('that the cache has as active is taken from there', async () => {
    const { facts, world } = aWorld({ cached: active });
    expect(await facts.get(NAMESPACE, GRANT_NAME)).toBe(active);
    expect(world.asked).toBe(0);
  });

  test.each([
    ['is missing', undefined],
    ['is not active yet', pending],
    ['has ended', aGrant(inPhase('Completed'))],
  ])('that in the cache %s is asked for, since the cache may be behind', async (_, cached) => {
    const { facts } = aWorld({ stored: active, ...(cached && { cached }) });
    expect(await facts.get(NAMESPACE, GRANT_NAME)).toBe(active);
  });

  test('that does not exist is none', async () => {
    expect(await aWorld().facts.get(NAMESPACE, GRANT_NAME)).toBeUndefined();
  });

  test('without a name is none, and not asked for', async () => {
    const { facts, world } = aWorld({ stored: active });
    expect(await facts.get(NAMESPACE, '')).toBeUndefined();
    expect(world.asked).toBe(0);
  });

  test('that cannot be asked for is an error, and no answer', async () => {
    const { facts, world } = aWorld();
    world.stored = Promise.reject(new ApiError('get taskgrants', 403, {})) as never;
    await expect(facts.get(NAMESPACE, GRANT_NAME)).rejects.toThrow(ApiError);
  });

  test('counts while it is unfinished, by namespace and class', () => {
    const { facts } = aWorld();
    expect(facts.countUnfinished(NAMESPACE, 'default')).toBe(2);
    expect(facts.countUnfinished(NAMESPACE, 'other')).toBe(0);
  });
});

describe('a pod that a controller has created', () => {
  const controller = 'system:serviceaccount:kube-system:job-controller';

  test('waits for a grant that is there, and no longer than a second', async () => {
    const { settled, put, world } = aWorld({ cached: pending, stored: pending });
    const answer = settled({ controller });
    await turns();
    expect(world.held).toBe(1);
    put(active);
    expect(await answer).toBe(active);
    const late = aWorld({ cached: pending, stored: pending });
    const refusal = late.settled({ controller });
    await vi.advanceTimersByTimeAsync(1000);
    expect(await refusal).toBe(pending);
  });

  test('does not wait for a grant that is not there', async () => {
    const { settled, world } = aWorld();
    expect(await settled({ controller })).toBeUndefined();
    expect(world.asked).toBe(1);
    const gone = aWorld({ cached: aGrant(inPhase('Completed')) });
    expect(await gone.settled({ controller })).toBeUndefined();
  });

  test('does not wait while another of that controller does: its workers are few, and everybody’s', async () => {
    const { settled, world } = aWorld({ cached: pending, stored: pending });
    const first = settled({ controller });
    await turns();
    expect(await settled({ controller, namespace: 'elsewhere' })).toBe(pending);
    expect(world.held).toBe(1);
    void settled({ controller: 'another' });
    await turns();
    expect(world.held).toBe(2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await first).toBe(pending);
    expect(world.held).toBe(0);
  });
});

describe('waiting for a grant', () => {
  test('is over at once where it is active', async () => {
    const { settled, world } = aWorld({ cached: active });
    expect(await settled()).toBe(active);
    expect(world.asked).toBe(0);
  });

  test('is over as soon as the cache hears that it is active', async () => {
    const { settled, put, world } = aWorld({ cached: pending, stored: pending });
    const answer = settled();
    await turns();
    expect(world.held).toBe(1);
    put(active);
    expect(await answer).toBe(active);
    expect(world).toMatchObject({ held: 0, asked: 0 });
  });

  test('covers one that is not there yet', async () => {
    const { settled, put } = aWorld();
    const answer = settled();
    await turns();
    put(pending);
    await turns();
    put(active);
    expect(await answer).toBe(active);
  });

  test('is not over when something else about it changes', async () => {
    const { settled, put, world } = aWorld({ cached: pending, stored: pending });
    const answer = settled();
    await turns();
    put(aGrant(inPhase('Pending')));
    await turns();
    expect(world.held).toBe(1);
    await vi.advanceTimersByTimeAsync(LONG);
    expect(await answer).toMatchObject({ status: { phase: 'Pending' } });
  });

  test('ends with its time, and then with what the API server says', async () => {
    const { settled, world } = aWorld({ cached: pending, stored: pending });
    const answer = settled({ ms: 8000 });
    await vi.advanceTimersByTimeAsync(7999);
    expect(world.held).toBe(1);
    // The watch did not tell.
    world.stored = active;
    await vi.advanceTimersByTimeAsync(1);
    expect(await answer).toBe(active);
  });

  test('ends when nobody waits for the answer any more', async () => {
    const { settled, world } = aWorld({ stored: pending });
    const gone = new AbortController();
    const answer = settled({ signal: gone.signal });
    await turns();
    gone.abort();
    expect(await answer).toBe(pending);
    expect(world.held).toBe(0);
  });

  test('does not begin without any time', async () => {
    const { settled } = aWorld({ stored: pending });
    expect(await settled({ ms: 0 })).toBe(pending);
  });

  test.each([
    ['is denied', aGrant(inPhase('Denied'))],
    ['has ended', aGrant(inPhase('Completed'))],
    ['is being revoked', aGrant(inPhase('Revoking'))],
    ['waits for approval', aGrant(inPhase('AwaitingApproval'))],
    ['is suspended', aGrant(inPhase('Suspended'))],
    ['is to be suspended', withGrantSpec({ suspend: true })(active)],
    ['is to be suspended before it is active', withGrantSpec({ suspend: true })(pending)],
    ['begins later than anybody waits', withGrantSpec({ notBefore: '2026-11-23T10:00:00Z' })(pending)],
  ])('does not begin for one that %s', async (_, grant) => {
    const { settled } = aWorld({ cached: grant, stored: grant });
    expect(await settled()).toEqual(grant);
  });

  test('begins for one that becomes active in time', async () => {
    const soon = withGrantSpec({ notBefore: '2026-11-23T09:00:45Z' })(pending);
    const { settled, put } = aWorld({ cached: soon, stored: soon });
    const answer = settled();
    await turns();
    put(active);
    expect(await answer).toBe(active);
  });

  describe('where an earlier grant of the name has ended, and the cache still has it,', () => {
    const earlier = withUid('earlier')(aGrant(inPhase('Completed')));

    test('finds the new one that is active already', async () => {
      expect(await aWorld({ cached: earlier, stored: active }).settled()).toBe(active);
    });

    test('waits for the new one', async () => {
      const { settled, put, world } = aWorld({ cached: earlier, stored: pending });
      const answer = settled();
      await turns();
      expect(world.held).toBe(1);
      put(active);
      expect(await answer).toBe(active);
    });

    test('waits for the new one that is not there yet', async () => {
      const { settled, put, world } = aWorld({ cached: earlier });
      const answer = settled();
      await turns();
      expect(world.held).toBe(1);
      put(active);
      expect(await answer).toBe(active);
    });
  });

  test('is for so many of one namespace at a time, and the others are answered at once', async () => {
    const { settled, world } = aWorld();
    const held = Array.from({ length: 32 }, () => settled());
    await turns();
    expect(world.held).toBe(32);
    expect(await settled()).toBeUndefined();
    const elsewhere = settled({ namespace: 'elsewhere' });
    await turns();
    expect(world.held).toBe(33);
    await vi.advanceTimersByTimeAsync(LONG);
    await Promise.all([...held, elsewhere]);
    expect(world.held).toBe(0);
    const again = settled();
    await turns();
    expect(world.held).toBe(1);
    await vi.advanceTimersByTimeAsync(LONG);
    await again;
  });
});
