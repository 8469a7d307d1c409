import { describe, expect, test } from 'vitest';
import type { Pod, Stored, SubjectAccessReview } from '../api/kubernetes.ts';
import { aClass, aGrant, GRANT_ACCOUNT, NAMESPACE, withStatus } from '../core/testing/builders.ts';
import { ApiError } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import {
  createAccessFacts,
  createClassFacts,
  createNamespaceFacts,
  createPodFacts,
} from './cluster-facts.ts';

describe('the default class', () => {
  const marked = (name: string, creationTimestamp: string, value = 'true') => {
    const itsClass = aClass({}, name);
    const annotations = { 'taskgrant.dev/is-default-class': value };
    return { ...itsClass, metadata: { ...itsClass.metadata, creationTimestamp, annotations } };
  };
  const defaultOf = (...classes: ReturnType<typeof aClass>[]) =>
    createClassFacts({} as Client, { classes: { list: () => classes } as never }).default()?.metadata.name;

  test('is the one that is marked so', () => {
    expect(defaultOf(aClass({}, 'a'), marked('b', '2026-01-01T00:00:00Z'))).toBe('b');
  });

  test('is the newest where several are marked', () => {
    expect(defaultOf(marked('old', '2026-01-01T00:00:00Z'), marked('new', '2026-02-01T00:00:00Z'))).toBe(
      'new',
    );
  });

  test('is none where none is marked', () => {
    expect(defaultOf(aClass({}, 'default'), marked('b', '2026-01-01T00:00:00Z', 'false'))).toBeUndefined();
  });
});

describe('pods used', () => {
  const aPodOf = (uid: string) => ({ metadata: { uid } }) as Stored<Pod>;
  const facts = (...uids: string[]) =>
    createPodFacts({} as never, {
      pods: {
        byIndex: (_index: string, key: string) =>
          key === `${NAMESPACE}/${GRANT_ACCOUNT}` ? uids.map(aPodOf) : [],
      } as never,
    });
  const recorded = (...uids: string[]) =>
    aGrant(
      withStatus({
        pods: uids.map((uid) => ({ uid, name: uid, phase: 'Succeeded', admittedAt: '2026-11-23T09:00:10Z' })),
      }),
    );

  test('are those that are recorded and those that are there, each once', () => {
    expect(facts('b', 'c').countUsed(recorded('a', 'b'), undefined)).toBe(3);
  });

  test('do not count the pod that is asked about', () => {
    expect(facts('a').countUsed(recorded('a'), 'a')).toBe(0);
  });
});

describe('the grant of a pod', () => {
  const labelled = { metadata: { labels: { 'taskgrant.dev/grant': 'a' } } };
  const facts = (cached: object | undefined, live: object | undefined) =>
    createPodFacts(
      {
        get: () => (live ? Promise.resolve(live) : Promise.reject(new ApiError('get', 404, {}))),
      } as unknown as Client,
      { pods: { get: (key: string) => (key === 'agents/summarise' ? cached : undefined) } as never },
    ).grantNameOf('agents', 'summarise');

  test('is that of its label, from the cache or from the API server', async () => {
    expect(await facts(labelled, undefined)).toBe('a');
    expect(await facts(undefined, labelled)).toBe('a');
  });

  test('is none where there is no such pod, or it has no label', async () => {
    expect(await facts(undefined, undefined)).toBeUndefined();
    expect(await facts(undefined, { metadata: {} })).toBeUndefined();
  });
});

describe('a namespace', () => {
  const facts = (live: Record<string, object>, cached?: object) =>
    createNamespaceFacts(
      {
        get: ({ plural }: { plural: string }) =>
          live[plural] ? Promise.resolve(live[plural]) : Promise.reject(new ApiError('get', 404, {})),
      } as unknown as Client,
      { namespaces: { get: () => cached } as never },
    );
  const labelled = { metadata: { labels: { 'taskgrant.dev/warn': 'required' } } };

  test('has the level of its label, from the cache or from the API server', async () => {
    expect(await facts({}, labelled).level('agents', 'taskgrant.dev/warn')).toBe('required');
    expect(await facts({ namespaces: labelled }).level('agents', 'taskgrant.dev/warn')).toBe('required');
    expect(await facts({}, labelled).level('agents', 'taskgrant.dev/enforce')).toBeUndefined();
    expect(await facts({}).level('agents', 'taskgrant.dev/enforce')).toBeUndefined();
  });

  test('has labels, from the cache or as the API server has them now', async () => {
    const now = { metadata: { labels: { team: 'agents' } } };
    const changed = facts({ namespaces: now }, labelled);
    expect(await changed.labels('agents')).toEqual({ 'taskgrant.dev/warn': 'required' });
    expect(await changed.currentLabels('agents')).toEqual({ team: 'agents' });
    expect(await facts({}, { metadata: {} }).labels('agents')).toEqual({});
    expect(await facts({}).labels('agents')).toBeUndefined();
  });

  test('has a default account, which mounts its token where nothing else is said', async () => {
    const account = { automountServiceAccountToken: false, imagePullSecrets: [{ name: 'a' }, {}] };
    expect(await facts({ serviceaccounts: account }).defaultAccount('agents')).toEqual({
      automounts: false,
      pullSecrets: ['a'],
    });
    for (const live of [{}, { serviceaccounts: {} }]) {
      expect(await facts(live).defaultAccount('agents')).toEqual({ automounts: true, pullSecrets: [] });
    }
  });
});

describe('access', () => {
  const asking = (allowed: (verb: string) => boolean | undefined) => {
    let atATime = 0;
    let most = 0;
    const create = (async (_resource: unknown, review: SubjectAccessReview) => {
      most = Math.max(most, ++atATime);
      await Promise.resolve();
      atATime -= 1;
      const answer = allowed(review.spec.resourceAttributes?.verb ?? '');
      return { ...review, ...(answer !== undefined && { status: { allowed: answer } }) };
    }) as unknown as Client['create'];
    return { facts: createAccessFacts({ create }), most: () => most };
  };
  const asker = (username: string, namespace = 'agents') => ({
    user: { username },
    namespace,
    signal: new AbortController().signal,
  });
  const verbs = (count: number) => Array.from({ length: count }, (_, index) => ({ verb: `v${index}` }));

  test('is denied where the API server says no, in the order of the questions', async () => {
    const { facts } = asking((verb) => verb !== 'v3' && verb !== 'v40');
    expect(await facts.denied(asker('jane'), verbs(50))).toEqual([{ verb: 'v3' }, { verb: 'v40' }]);
  });

  test('is denied where the API server does not answer the question', async () => {
    expect(await asking(() => undefined).facts.denied(asker('jane'), verbs(1))).toHaveLength(1);
  });

  test('is asked about with a bounded number of requests at a time', async () => {
    const { facts, most } = asking(() => true);
    expect(await facts.denied(asker('jane'), verbs(512))).toEqual([]);
    expect(most()).toBe(16);
  });

  test('is asked about one user in one namespace in no more requests at a time, however often that user comes, and about others beside', async () => {
    const { facts, most } = asking(() => true);
    const often = Array.from({ length: 8 }, () => facts.denied(asker('jane'), verbs(64)));
    await Promise.all(often);
    expect(most()).toBe(16);
    await Promise.all([
      facts.denied(asker('jane'), verbs(64)),
      facts.denied(asker('joe'), verbs(64)),
      facts.denied(asker('jane', 'elsewhere'), verbs(64)),
    ]);
    expect(most()).toBe(48);
  });
});

describe('the pod that a token is bound to', () => {
  const aPodOn = (nodeName: string | undefined, uid = 'a') =>
    ({
      metadata: { namespace: NAMESPACE, name: 'summarise', uid },
      spec: { containers: [], ...(nodeName !== undefined && { nodeName }) },
    }) as unknown as Stored<Pod>;
  const boundIn = (cached: Stored<Pod> | undefined, live: Stored<Pod>, uid = 'a') =>
    createPodFacts({ get: () => Promise.resolve(live) } as never, {
      pods: { get: () => cached } as never,
    }).bound(NAMESPACE, { name: 'summarise', uid });

  test('comes from the cache, where that knows its node', async () => {
    const cached = aPodOn('node-1');
    expect(await boundIn(cached, aPodOn('node-2'))).toBe(cached);
  });

  test.each([
    ['has not heard of it', undefined],
    ['has not heard of its node', aPodOn(undefined)],
    ['has an earlier one of its name', aPodOn('node-1', 'earlier')],
  ])('is asked for where the cache %s: a node asks as soon as it has a pod', async (_, cached) => {
    const live = aPodOn('node-1');
    expect(await boundIn(cached, live)).toBe(live);
  });
});
