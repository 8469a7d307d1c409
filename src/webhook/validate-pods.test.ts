import { describe, expect, test } from 'vitest';
import {
  aGrant,
  anAuthoredPod,
  aPod,
  inPhase,
  withAnnotation,
  withContainer,
  withEphemeralContainer,
  withLabels,
  withoutLabels,
  withSpec,
  withWorkload,
} from '../core/testing/builders.ts';
import { createPodValidator } from './validate-pods.ts';
import { codesOf, review, someFacts } from './testing.ts';

const validator = createPodValidator(someFacts());

test('a pod within its envelope is allowed, with its decision in the audit log', async () => {
  expect(await review(validator, { object: aPod() })).toEqual({
    allowed: true,
    audit: { grant: 'summarise-4711', decision: 'd-0123456789abcdef' },
  });
});

test('a pod beyond its envelope is denied', async () => {
  const answer = await review(validator, { object: aPod(withContainer({ image: 'busybox' })) });
  expect(codesOf(answer)).toEqual(['ImageNotGranted']);
  expect(answer).toMatchObject({ audit: { grant: 'summarise-4711' } });
});

test('pods that were admitted before count', async () => {
  expect(codesOf(await review(createPodValidator(someFacts({ podsUsed: 1 })), { object: aPod() }))).toEqual([
    'PodsUsedUp',
  ]);
});

test('a grant of another namespace is none', async () => {
  expect(codesOf(await review(validator, { object: aPod(), namespace: 'elsewhere' }))).toEqual([
    'GrantNotFound',
  ]);
});

test('a pod without the label is allowed as long as it uses no grant’s account', async () => {
  expect(await review(validator, { object: anAuthoredPod(withoutLabels) })).toEqual({
    allowed: true,
    audit: {},
  });
  expect(codesOf(await review(validator, { object: aPod(withoutLabels) }))).toEqual(['GrantLabelMissing']);
});

describe('a mirror pod', () => {
  const mirror = anAuthoredPod(
    withSpec({ nodeName: 'node-1' }),
    withAnnotation('kubernetes.io/config.mirror', 'x'),
  );

  test('that its own node reports is allowed', async () => {
    const userInfo = { username: 'system:node:node-1', groups: ['system:nodes'] };
    expect(await review(validator, { object: mirror, userInfo })).toEqual({ allowed: true });
  });

  test('that anybody else writes is judged as any pod', async () => {
    expect(codesOf(await review(validator, { object: mirror }))).toEqual([
      'ServiceAccountNotGranted',
      'TokenAutomounted',
      'NodeAccess',
    ]);
  });
});

describe('an update', () => {
  const update = (oldObject: object, object: object, grant = aGrant()) =>
    review(createPodValidator(someFacts({ grant })), { operation: 'UPDATE', oldObject, object });

  test('that adds nothing passes after the grant’s end', async () => {
    const pod = aPod();
    const finalized = { ...pod, metadata: { ...pod.metadata, finalizers: [] } };
    expect((await update(pod, finalized, aGrant(inPhase('Completed')))).allowed).toBe(true);
  });

  test('that moves the label is denied', async () => {
    expect(codesOf(await update(aPod(), aPod(withLabels({}))))).toEqual(['GrantLabelImmutable']);
  });

  test('with an ephemeral container is denied unless the grant allows exec', async () => {
    const debugged = aPod(withEphemeralContainer());
    expect(codesOf(await update(aPod(), debugged))).toEqual(['ExecNotAllowed']);
    expect((await update(aPod(), debugged, aGrant(withWorkload({ allowExec: true })))).allowed).toBe(true);
  });
});

test('what is neither created nor updated is none of its business', async () => {
  expect(await review(validator, { operation: 'DELETE', oldObject: aPod() })).toEqual({ allowed: true });
});
