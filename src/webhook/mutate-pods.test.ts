import { describe, expect, test } from 'vitest';
import { ENFORCEMENT_PROBE_POD } from '../core/decision/probe.ts';
import {
  aGrant,
  anAuthoredPod,
  GRANT_ACCOUNT,
  inPhase,
  withAnnotation,
  withName,
  withoutLabels,
  withSpec,
} from '../core/testing/builders.ts';
import type { Facts } from './facts.ts';
import { createPodMutator } from './mutate-pods.ts';
import { MOST_CONTAINERS } from '../core/identity/size.ts';
import { aRequest, codesOf, context, patchOf, review, someFacts } from './testing.ts';

const mutator = (facts: Facts = someFacts()) => createPodMutator(facts, { holdMs: 8000 });

test('a pod with the label is filled in from its grant', async () => {
  const answer = await review(mutator(), { object: anAuthoredPod() });
  expect(answer).toMatchObject({
    allowed: true,
    audit: { grant: 'summarise-4711', decision: 'd-0123456789abcdef' },
  });
  expect(patchOf(answer)).toContainEqual({
    op: 'add',
    path: '/spec/serviceAccountName',
    value: GRANT_ACCOUNT,
  });
});

const TOO_MANY = Array.from({ length: MOST_CONTAINERS + 1 }, () => ({ name: '' }));

describe('nothing is changed', () => {
  test.each([
    ['in a pod without the label', { object: anAuthoredPod(withoutLabels) }],
    ['in a mirror pod', { object: anAuthoredPod(withAnnotation('kubernetes.io/config.mirror', 'x')) }],
    ['in the probe', { object: anAuthoredPod(withName(ENFORCEMENT_PROBE_POD)) }],
    [
      'in a pod of more containers than anybody needs',
      { object: anAuthoredPod(withSpec({ containers: TOO_MANY })) },
    ],
    ['after a pod’s creation', { operation: 'UPDATE' as const, object: anAuthoredPod() }],
  ])('%s', async (_, request) => {
    const unreachable = someFacts({ grant: 'none' });
    expect(await review(mutator(unreachable), request)).toEqual({ allowed: true });
  });
});

describe('no identity is handed out', () => {
  test.each([
    ['under a grant that does not exist', 'none' as const, 'GrantNotFound'],
    ['under a grant that is not active', aGrant(inPhase('Pending')), 'GrantNotActive'],
    ['under a grant that has ended', aGrant(inPhase('Completed')), 'GrantNotActive'],
  ])('%s', async (_, grant, code) => {
    expect(codesOf(await review(mutator(someFacts({ grant })), { object: anAuthoredPod() }))).toEqual([code]);
  });

  test('under a grant whose duration is over', async () => {
    const facts = someFacts({ now: Date.parse('2026-11-23T09:30:00Z') });
    expect(codesOf(await review(mutator(facts), { object: anAuthoredPod() }))).toEqual(['GrantExpired']);
  });

  test('under a grant of another namespace', async () => {
    const answer = await review(mutator(), { object: anAuthoredPod(), namespace: 'elsewhere' });
    expect(codesOf(answer)).toEqual(['GrantNotFound']);
  });
});

test('pull secrets copied from the default account are looked up and taken out', async () => {
  const pod = anAuthoredPod(withSpec({ imagePullSecrets: [{ name: 'pull' }] }));
  const facts = someFacts({ defaultPullSecrets: ['pull'] });
  expect(patchOf(await review(mutator(facts), { object: pod }))).toContainEqual({
    op: 'remove',
    path: '/spec/imagePullSecrets',
  });
});

test('a pod that Go sent without containers is left to be refused by the API server', async () => {
  const pod = { ...anAuthoredPod(), spec: { containers: null } };
  expect((await review(mutator(), { object: pod })).allowed).toBe(true);
});

describe('a pod waits for its grant', () => {
  const waited = async (timeoutMs: number, size = 10_000) => {
    const waits: number[] = [];
    const facts = someFacts();
    const settled: Facts['grants']['settled'] = (namespace, name, wait) => {
      waits.push(wait.ms);
      return facts.grants.settled(namespace, name, wait);
    };
    const reviewer = mutator({ ...facts, grants: { ...facts.grants, settled } });
    await reviewer(aRequest({ object: anAuthoredPod() }), context({ timeoutMs, size }));
    return waits;
  };

  test('for as long as it is told', async () => {
    expect(await waited(10_000)).toEqual([8000]);
  });

  test('but not where it is so large that many that wait would fill the memory', async () => {
    expect(await waited(10_000, 200_000)).toEqual([0]);
  });

  test('in the name of the controller that has created it', async () => {
    const seen: (string | undefined)[] = [];
    const facts = someFacts();
    const settled: Facts['grants']['settled'] = (namespace, name, wait) => {
      seen.push(wait.controller);
      return facts.grants.settled(namespace, name, wait);
    };
    const reviewer = mutator({ ...facts, grants: { ...facts.grants, settled } });
    const pod = anAuthoredPod();
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'nightly', uid: '1' };
    for (const ownerReferences of [[], [owner], [{ ...owner, controller: true }]])
      await review(reviewer, { object: { ...pod, metadata: { ...pod.metadata, ownerReferences } } });
    expect(seen).toEqual([undefined, undefined, 'jane']);
  });

  test('but never so long that the API server gives up', async () => {
    expect(await waited(5000)).toEqual([3500]);
    expect(await waited(1000)).toEqual([0]);
  });
});
