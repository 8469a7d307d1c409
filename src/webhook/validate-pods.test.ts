import { describe, expect, test } from 'vitest';
import {
  aGrant,
  anAuthoredPod,
  aPod,
  inPhase,
  KUBELET,
  withAnnotation,
  withContainer,
  withEphemeralContainer,
  withGrantSpec,
  withLabels,
  withoutLabels,
  withSecretEnv,
  withSpec,
  withVolume,
  withWorkload,
} from '../core/testing/builders.ts';
import { SOME_CLUSTER } from '../core/testing/pods.ts';
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

test('the conditions of its grant are asked, by the labels that the namespace has now and not by those of a cache', async () => {
  const expression = "namespaceObject.metadata.labels.stage == 'test'";
  const grant = aGrant(
    withGrantSpec({ requestedBy: { username: 'jane' }, conditions: [{ name: 'stage', expression }] }),
  );
  const judged = (currentLabels: Record<string, string>) =>
    review(createPodValidator(someFacts({ grant, levels: { stage: 'other' }, currentLabels })), {
      object: aPod(),
    });
  expect((await judged({ stage: 'test' })).allowed).toBe(true);
  expect(codesOf(await judged({ stage: 'production' }))).toEqual(['ConditionNotMet']);
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

describe('where every pod carries a grant or has no identity', () => {
  const required = createPodValidator(
    someFacts({ enforceLevel: 'required', defaultPullSecrets: ['registry'] }),
  );
  const bare = anAuthoredPod(withoutLabels, withSpec({ automountServiceAccountToken: false }));

  test('a pod with none is allowed', async () => {
    expect(await review(required, { object: bare })).toEqual({ allowed: true, audit: {} });
    const pulling = withSpec({ imagePullSecrets: [{ name: 'registry' }] })(bare);
    expect((await review(required, { object: pulling })).allowed).toBe(true);
  });

  test('a pod with any is denied', async () => {
    expect(await review(required, { object: anAuthoredPod(withoutLabels) })).toMatchObject({
      allowed: false,
      headline: 'the pod needs a TaskGrant',
      violations: [{ code: 'GrantRequired', path: 'spec.automountServiceAccountToken' }],
    });
    expect(codesOf(await review(required, { object: withSecretEnv('db')(bare) }))).toEqual(['GrantRequired']);
  });

  test('a label that is no level means that, too', async () => {
    const strict = createPodValidator(someFacts({ enforceLevel: 'strict' }));
    expect(codesOf(await review(strict, { object: withSecretEnv('db')(bare) }))).toEqual(['GrantRequired']);
  });

  test('a pod with a grant is judged by it', async () => {
    expect((await review(required, { object: aPod() })).allowed).toBe(true);
    expect(codesOf(await review(required, { object: aPod(withSecretEnv('db')) }))).toEqual([
      'SecretNotGranted',
    ]);
  });

  test('a claim is followed', async () => {
    const claim = withVolume({ persistentVolumeClaim: { claimName: 'b' } })(bare);
    expect(codesOf(await review(required, { object: claim }))).toEqual(['GrantRequired']);
    const facts = someFacts({ enforceLevel: 'required', lookups: SOME_CLUSTER });
    expect(await review(createPodValidator(facts), { object: claim })).toMatchObject({
      violations: [
        { asked: 'driver minting.csi.example, which is handed tokens' },
        { asked: 'a token for driver minting.csi.example' },
      ],
    });
  });

  test('a change that adds identity is denied, and another one is not', async () => {
    const update = (object: object) => review(required, { operation: 'UPDATE', oldObject: bare, object });
    expect(codesOf(await update(withAnnotation('iam.amazonaws.com/role', 'x')(bare)))).toEqual([
      'GrantRequired',
    ]);
    expect(codesOf(await update(withAnnotation('example.com/x', 'x')(bare)))).toEqual([]);
  });
});

test('a claim of a pod under a grant is followed', async () => {
  const object = aPod(withVolume({ persistentVolumeClaim: { claimName: 'a' } }));
  expect(codesOf(await review(createPodValidator(someFacts({ lookups: SOME_CLUSTER })), { object }))).toEqual(
    ['NodeAccess'],
  );
  expect(codesOf(await review(validator, { object }))).toEqual(['ClaimNotResolved']);
});

describe('a mirror pod', () => {
  const mirror = anAuthoredPod(
    withSpec({ nodeName: 'node-1' }),
    withAnnotation('kubernetes.io/config.mirror', 'x'),
  );

  test('that its own node reports is allowed', async () => {
    expect(await review(validator, { object: mirror, userInfo: KUBELET })).toEqual({ allowed: true });
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
