import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GRANT_LABEL } from '../../api/group.ts';
import type { Pod } from '../../api/kubernetes.ts';
import { ENFORCEMENT_PROBE_CODE, ENFORCEMENT_PROBE_POD, isEnforcementProbe } from '../decision/probe.ts';
import type { Violation } from '../decision/violation.ts';
import { externalKeys } from '../identity/external-identity.ts';
import {
  aGrant,
  anAuthoredPod,
  aPod,
  GRANT_ACCOUNT,
  inPhase,
  NOW,
  withContainer,
  withEnvelope,
  withEphemeralContainer,
  withInitContainer,
  withLabels,
  withName,
  withoutLabels,
  withSecretEnv,
  withSpec,
  withToken,
  withVolume,
  withWorkload,
  type Change,
} from '../testing/builders.ts';
import { judge, judgeUpdate } from '../testing/judging.ts';
import { judgeGrant, updateNeedsGrant } from './judge-pod.ts';
import { isMirrorPod, isOwnMirrorPod } from './mirror-pod.ts';

const other = withLabels({ [GRANT_LABEL]: 'other' });
const finalizing: Change<Pod> = (pod) => ({ ...pod, metadata: { ...pod.metadata, finalizers: [] } });

describe('a new pod', () => {
  test('is told everything at once', () => {
    const pod = aPod(
      withSpec({ serviceAccountName: 'builder', serviceAccount: 'builder', hostNetwork: true }),
      withSecretEnv('db-admin'),
      withContainer({ image: 'busybox' }),
      withToken({ audience: 'https://elsewhere.example' }),
    );
    expect(judge(pod).map(({ code }) => code)).toEqual([
      'ServiceAccountNotGranted',
      'TokenAudienceNotGranted',
      'SecretNotGranted',
      'ImageNotGranted',
      'NodeAccess',
    ]);
  });

  test('whose grant does not exist is told that and nothing else', () => {
    expect(judge(aPod(withContainer({ image: 'busybox' })), 'no grant')).toEqual([
      {
        code: 'GrantNotFound',
        path: 'metadata.labels[taskgrant.dev/grant]',
        asked: 'summarise-4711',
        allowed: 'no such TaskGrant',
        fix: 'create the TaskGrant in the pod’s namespace first, or correct the label',
      },
    ]);
  });

  test('without the label is none of our business', () => {
    expect(judge(anAuthoredPod(withoutLabels, withSecretEnv('anything')), 'no grant')).toEqual([]);
  });

  test('without the label may not use a grant’s account', () => {
    const pod = aPod(withoutLabels);
    expect(judge(pod, 'no grant')).toMatchObject([
      { code: 'GrantLabelMissing', path: 'spec.serviceAccountName', asked: GRANT_ACCOUNT },
    ]);
    expect(judge(anAuthoredPod(withoutLabels, withSpec({ serviceAccount: GRANT_ACCOUNT })))).toMatchObject([
      { code: 'GrantLabelMissing', path: 'spec.serviceAccount' },
    ]);
  });

  test('with an empty label names a grant that cannot exist', () => {
    expect(judge(aPod(withLabels({ [GRANT_LABEL]: '' })), 'no grant')).toMatchObject([
      { code: 'GrantNotFound' },
    ]);
  });
});

describe('an update', () => {
  const ended = aGrant(inPhase('Completed'));

  test('that adds nothing passes, also after the grant’s end and where the grant is gone', () => {
    expect(judgeUpdate(aPod(), finalizing(aPod()), ended)).toEqual([]);
    expect(judgeUpdate(aPod(withSecretEnv('db')), aPod(), ended)).toEqual([]);
    expect(updateNeedsGrant(aPod(), finalizing(aPod()), externalKeys())).toBe(false);
  });

  test('of a pod that should never have been admitted passes, where it adds nothing', () => {
    const pod = aPod(withoutLabels);
    expect(judgeUpdate(pod, finalizing(pod))).toEqual([]);
  });

  test.each([
    ['adds the label', withoutLabels, withLabels({ [GRANT_LABEL]: 'summarise-4711' }), 'no label'],
    ['changes the label', withLabels({ [GRANT_LABEL]: 'summarise-4711' }), other, 'summarise-4711'],
    ['removes the label', withLabels({ [GRANT_LABEL]: 'summarise-4711' }), withoutLabels, 'summarise-4711'],
  ])('that %s is refused', (_, before, after, allowed) => {
    expect(judgeUpdate(anAuthoredPod(before), anAuthoredPod(after))).toMatchObject([
      { code: 'GrantLabelImmutable', path: 'metadata.labels[taskgrant.dev/grant]', allowed },
    ]);
  });

  test('that changes an image is refused, even to one that the grant names', () => {
    const grant = aGrant(withWorkload({ images: ['**', 'registry.example/**:v1'] }));
    expect(judgeUpdate(aPod(), aPod(withContainer({ image: 'nginx' })), grant)).toMatchObject([
      {
        code: 'ImageChanged',
        path: 'spec.containers[0].image',
        asked: 'nginx',
        allowed: 'registry.example/agents/summariser:v1',
      },
    ]);
    expect(updateNeedsGrant(aPod(), aPod(withContainer({ image: 'nginx' })), externalKeys())).toBe(true);
  });

  test('that changes an image is refused after the grant’s end, for that alone', () => {
    expect(judgeUpdate(aPod(), aPod(withContainer({ image: 'nginx' })), ended)).toMatchObject([
      { code: 'ImageChanged' },
    ]);
  });

  test('that adds something is judged by the grant, which has to be in force', () => {
    const debugged = aPod(withEphemeralContainer());
    const grant = aGrant(withWorkload({ allowExec: true }));
    expect(judgeUpdate(aPod(), debugged, grant)).toEqual([]);
    expect(judgeUpdate(aPod(), debugged, inPhase('Completed')(grant))).toMatchObject([
      { code: 'GrantNotActive' },
    ]);
  });

  test('cannot widen a pod that has a grant’s account without the label', () => {
    const pod = aPod(withoutLabels);
    expect(judgeUpdate(pod, withEphemeralContainer()(pod))).toMatchObject([{ code: 'GrantLabelMissing' }]);
  });

  test('of a pod that is none of our business passes', () => {
    const pod = anAuthoredPod(withoutLabels);
    expect(judgeUpdate(pod, withEphemeralContainer()(pod))).toEqual([]);
  });
});

describe('the probe', () => {
  const probe = aPod(withName(ENFORCEMENT_PROBE_POD));

  test('is refused with its own code and no other, whatever grants there are', () => {
    for (const grant of ['no grant', aGrant()] as const) {
      expect(judge(probe, grant).map(({ code }) => code)).toEqual([ENFORCEMENT_PROBE_CODE]);
    }
  });

  test('is known by its name and its label together', () => {
    expect(isEnforcementProbe(probe)).toBe(true);
    expect(isEnforcementProbe(aPod())).toBe(false);
    expect(isEnforcementProbe(withoutLabels(probe))).toBe(false);
  });
});

describe('the grant alone', () => {
  const facts = { apiAudiences: [], now: NOW };

  test('is judged before anything is handed out', () => {
    expect(judgeGrant('summarise-4711', { ...facts, grant: aGrant() })).toEqual([]);
    expect(judgeGrant('summarise-4711', { ...facts, grant: undefined })).toMatchObject([
      { code: 'GrantNotFound' },
    ]);
    expect(judgeGrant('summarise-4711', { ...facts, grant: aGrant(inPhase('Pending')) })).toMatchObject([
      { code: 'GrantNotActive' },
    ]);
  });
});

describe('a mirror pod', () => {
  const mirror = aPod(withSpec({ nodeName: 'node-1' }), (pod) => ({
    ...pod,
    metadata: { ...pod.metadata, annotations: { 'kubernetes.io/config.mirror': 'abc' } },
  }));
  const node = { username: 'system:node:node-1', groups: ['system:nodes', 'system:authenticated'] };

  test('is its node’s own by annotation and identity together', () => {
    expect(isMirrorPod(mirror)).toBe(true);
    expect(isOwnMirrorPod(mirror, node)).toBe(true);
  });

  test.each([
    ['another node’s', mirror, { ...node, username: 'system:node:node-2' }],
    ['anybody’s who writes the annotation', mirror, { username: 'jane', groups: ['system:authenticated'] }],
    ['a node’s that is not in the group of nodes', mirror, { username: 'system:node:node-1', groups: [] }],
    ['a pod’s without the annotation', aPod(withSpec({ nodeName: 'node-1' })), node],
    ['one that names no node', withSpec({ nodeName: '' })(mirror), { ...node, username: 'system:node:' }],
  ])('is not %s', (_, pod, user) => {
    expect(isOwnMirrorPod(pod, user)).toBe(false);
  });
});

describe('judging', () => {
  const images = ['registry.example/agents/summariser:v1', 'busybox', 'nginx'];
  const changes: fc.Arbitrary<Change<Pod>> = fc.oneof(
    fc.constantFrom('a', 'b', 'c').map(withSecretEnv),
    fc.constantFrom('a', 'b', 'c').map((secretName) => withVolume({ secret: { secretName } })),
    fc.constantFrom(...images).map((image) => withInitContainer({ image })),
    fc
      .record({ audience: fc.constantFrom('x', 'y'), expirationSeconds: fc.constantFrom(600, 3600, 3607) })
      .map(withToken),
    fc.constant(withSpec({ hostNetwork: true })),
    fc.constant(withVolume({ csi: { driver: 'a' } })),
  );
  const envelopes = fc.record({
    secrets: fc.uniqueArray(fc.constantFrom('a', 'b', 'c')),
    images: fc.uniqueArray(fc.constantFrom(...images), { minLength: 1 }),
    tokens: fc.uniqueArray(fc.constantFrom('x', 'y')),
  });
  const granting = ({ secrets, images, tokens }: { secrets: string[]; images: string[]; tokens: string[] }) =>
    aGrant(
      withEnvelope({
        secrets,
        tokens: tokens.map((audience) => ({ name: audience, audience, expirationSeconds: 3600 })),
      }),
      withWorkload({ images }),
    );
  const pods = fc.array(changes, { maxLength: 6 }).map((list) => aPod(...list));

  test('never denies under a wider envelope what a narrower one allows', () => {
    fc.assert(
      fc.property(pods, envelopes, envelopes, (pod, narrow, more) => {
        const wide = {
          secrets: [...narrow.secrets, ...more.secrets],
          images: [...narrow.images, ...more.images],
          tokens: [...new Set([...narrow.tokens, ...more.tokens])],
        };
        const denied = new Set(judge(pod, granting(narrow)).map(requestOf));
        for (const violation of judge(pod, granting(wide))) expect(denied).toContain(requestOf(violation));
      }),
    );
  });

  test('never likes a pod better for asking for more', () => {
    fc.assert(
      fc.property(pods, envelopes, changes, (pod, envelope, change) => {
        const before = judge(pod, granting(envelope));
        const after = judge(change(pod), granting(envelope));
        if (before.length > 0 && !sameContainer(pod, change(pod))) return;
        expect(after.length).toBeGreaterThanOrEqual(before.length);
      }),
    );
  });

  test('does not depend on the order of volumes', () => {
    fc.assert(
      fc.property(pods, envelopes, (pod, envelope) => {
        const reversed = withSpec({ volumes: [...(pod.spec?.volumes ?? [])].reverse() })(pod);
        const codes = (judged: Pod) =>
          judge(judged, granting(envelope))
            .map(({ code, asked }) => `${code} ${asked}`)
            .sort();
        expect(codes(reversed)).toEqual(codes(pod));
      }),
    );
  });
});

/** A token has two fields that can be wrong, and which of them is depends on the envelope. */
function requestOf({ path }: Violation): string {
  return path.replace(/\.(audience|expirationSeconds)$/, '');
}

/** withSecretEnv replaces an environment rather than adding to it. */
function sameContainer(before: Pod, after: Pod): boolean {
  return JSON.stringify(before.spec?.containers) === JSON.stringify(after.spec?.containers);
}
