import { describe, expect, test } from 'vitest';
import { GRANT_LABEL } from '../../api/group.ts';
import type { Pod } from '../../api/kubernetes.ts';
import { ENFORCEMENT_PROBE_CODE, ENFORCEMENT_PROBE_POD, isEnforcementProbe } from '../decision/probe.ts';
import { MOST_VIOLATIONS } from '../decision/violation.ts';
import {
  aGrant,
  anAuthoredPod,
  aPod,
  GRANT_ACCOUNT,
  inPhase,
  KUBELET,
  NOW,
  type Change,
  withAnnotation,
  withContainer,
  withEphemeralContainer,
  withLabels,
  withName,
  withoutLabels,
  withSecretEnv,
  withSpec,
  withToken,
  withVolume,
  withWorkload,
} from '../testing/builders.ts';
import { judge, judgeUpdate } from '../testing/judging.ts';
import { judgeGrant } from './judge-pod.ts';
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

  test('is not told more than anybody reads', () => {
    const imagePullSecrets = Array.from({ length: 2000 }, (_, index) => ({ name: `s${index}` }));
    expect(judge(aPod(withSpec({ imagePullSecrets })))).toHaveLength(MOST_VIOLATIONS);
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

describe('a pod that cannot be read', () => {
  const odd = (spec: object, labels?: object) =>
    ({ ...anAuthoredPod(withoutLabels, withSpec(spec)), ...(labels && { metadata: { labels } }) }) as Pod;

  test('is refused without a grant, too: it may use the account of one', () => {
    const pod = odd({ serviceAccountName: GRANT_ACCOUNT, hostPID: 'yes' });
    expect(judge(pod, 'no grant')).toEqual([
      {
        code: 'PodNotSupported',
        path: 'spec.hostPID',
        asked: 'a string',
        allowed: 'true or false',
        fix: 'do without it: this version cannot judge it',
      },
    ]);
  });

  test('is refused for what is unknown where so much is that nothing else was looked at', () => {
    const unknown = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`x${index}`, 1]));
    const pod = odd({ ...unknown, serviceAccountName: GRANT_ACCOUNT });
    expect(judge(pod, 'no grant')).toHaveLength(1000);
  });

  test('is not one that merely has a field that is not known', () => {
    expect(judge(odd({ telepathy: {} }), 'no grant')).toEqual([]);
    expect(judge(odd({ telepathy: {}, serviceAccountName: GRANT_ACCOUNT }), 'no grant')).toMatchObject([
      { code: 'GrantLabelMissing' },
    ]);
  });

  test('is one whose label is no text', () => {
    expect(judge(odd({}, { [GRANT_LABEL]: 7 }))).toMatchObject([
      { code: 'PodNotSupported', path: `metadata.labels[${GRANT_LABEL}]` },
    ]);
  });

  test('is not one whose label is null, which is empty, as no grant’s name is', () => {
    expect(judge(odd({}, { [GRANT_LABEL]: null }), 'no grant')).toMatchObject([
      { code: 'GrantNotFound', asked: '' },
    ]);
  });
});

describe('what is missing or null', () => {
  const volume = (source: object) => judge(aPod(withVolume(source)));
  test.each([
    ['hostPath', { hostPath: {} }, 'NodeAccess'],
    ['hostPath', { hostPath: { path: null } }, 'NodeAccess'],
    ['csi', { csi: {} }, 'DriverNotGranted'],
    ['csi', { csi: { driver: null } }, 'DriverNotGranted'],
    ['secret', { secret: {} }, 'SecretNotGranted'],
    ['claim', { persistentVolumeClaim: {} }, 'ClaimNotResolved'],
    ['ephemeral claim', { ephemeral: { volumeClaimTemplate: null } }, 'ClaimNotResolved'],
    ['token', { projected: { sources: [{ serviceAccountToken: {} }] } }, 'TokenLivesTooLong'],
    ['certificate', { projected: { sources: [{ podCertificate: {} }] } }, 'CertificateNotGranted'],
    ['image', { image: {} }, 'ImageNotGranted'],
  ])('makes nothing of a %s harmless: %j', (_, source, code) => {
    expect(volume(source).map((violation) => violation.code)).toEqual([code]);
  });

  test('makes the pod’s account the default one', () => {
    expect(judge(aPod(withSpec({ serviceAccountName: null, serviceAccount: null } as object)))).toMatchObject(
      [{ code: 'ServiceAccountNotGranted', asked: 'default' }],
    );
    expect(judge(aPod(withSpec({ automountServiceAccountToken: null } as object)))).toMatchObject([
      { code: 'TokenAutomounted', asked: 'the default, true' },
    ]);
  });
});

describe('an update', () => {
  const ended = aGrant(inPhase('Completed'));

  test('that adds nothing passes, also after the grant’s end and where the grant is gone', () => {
    expect(judgeUpdate(aPod(), finalizing(aPod()), ended)).toEqual([]);
    expect(judgeUpdate(aPod(withSecretEnv('db')), aPod(), ended)).toEqual([]);
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

  test('that adds something is refused where the grant is gone', () => {
    expect(judgeUpdate(aPod(), aPod(withSecretEnv('db')), 'no grant')).toMatchObject([
      { code: 'GrantNotFound', asked: 'summarise-4711' },
    ]);
  });

  test('of a pod without a grant says nothing of what the pod had before', () => {
    const required = { automounts: false, pullSecrets: [] };
    const pod = anAuthoredPod(withoutLabels, withSecretEnv('db'));
    const annotated = withAnnotation('iam.amazonaws.com/role', 'x')(pod);
    expect(judgeUpdate(pod, annotated, 'no grant', { required }).map(({ path }) => path)).toEqual([
      'metadata.annotations[iam.amazonaws.com/role]',
    ]);
  });

  test('cannot widen a pod that has a grant’s account without the label', () => {
    const pod = aPod(withoutLabels);
    expect(judgeUpdate(pod, withEphemeralContainer()(pod))).toMatchObject([{ code: 'GrantLabelMissing' }]);
  });

  test('of a pod without a grant adds no identity where it may have none', () => {
    const required = { automounts: true, pullSecrets: [] };
    const pod = anAuthoredPod(withoutLabels, withSpec({ automountServiceAccountToken: false }));
    const annotated = withAnnotation('iam.amazonaws.com/role', 'x')(pod);
    const debugged = withEphemeralContainer({ envFrom: [{ secretRef: { name: 'db' } }] })(pod);
    const codes = (after: Pod) =>
      judgeUpdate(pod, after, 'no grant', { required }).map(({ code, path }) => `${code} ${path}`);
    expect(codes(finalizing(pod))).toEqual([]);
    expect(codes(annotated)).toEqual(['GrantRequired metadata.annotations[iam.amazonaws.com/role]']);
    expect(codes(debugged)).toEqual(['GrantRequired spec.ephemeralContainers[0].envFrom[0].secretRef.name']);
  });

  test('that gives the pod another system’s identity is held to the envelope', () => {
    const annotated = withAnnotation('iam.amazonaws.com/role', 'admin')(aPod());
    expect(judgeUpdate(aPod(), annotated)).toMatchObject([{ code: 'ExternalIdentityNotGranted' }]);
    expect(judgeUpdate(annotated, aPod())).toEqual([]);
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

  test('is its node’s own by annotation and identity together', () => {
    expect(isMirrorPod(mirror)).toBe(true);
    expect(isOwnMirrorPod(mirror, KUBELET)).toBe(true);
  });

  test.each([
    ['another node’s', mirror, { ...KUBELET, username: 'system:node:node-2' }],
    ['anybody’s who writes the annotation', mirror, { username: 'jane', groups: ['system:authenticated'] }],
    ['a node’s that is not in the group of nodes', mirror, { ...KUBELET, groups: [] }],
    ['a pod’s without the annotation', aPod(withSpec({ nodeName: 'node-1' })), KUBELET],
    ['one that names no node', withSpec({ nodeName: '' })(mirror), { ...KUBELET, username: 'system:node:' }],
  ])('is not %s', (_, pod, user) => {
    expect(isOwnMirrorPod(pod, user)).toBe(false);
  });
});
