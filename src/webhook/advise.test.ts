import { describe, expect, test } from 'vitest';
import type { Pod } from '../api/kubernetes.ts';
import {
  aClass,
  aGrant,
  anAuthoredPod,
  aPod,
  GRANT_NAME,
  justCreated,
  withAnnotation,
  withEphemeralContainer,
  withoutLabels,
  withSecretEnv,
  withSpec,
} from '../core/testing/builders.ts';
import { createClassAdviser, createPodAuditor, createPodWarner, createWorkloadAdviser } from './advise.ts';
import type { Answer } from './review.ts';
import { review, someFacts } from './testing.ts';

type World = Parameters<typeof someFacts>[0];

const aJobOf = ({ metadata, spec }: Pod) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'summarise' },
  spec: { template: { metadata: { labels: metadata.labels }, spec } },
});
const UNGRANTED = anAuthoredPod(
  withoutLabels,
  withSecretEnv('db'),
  withSpec({ automountServiceAccountToken: false }),
);
const GRANTED = anAuthoredPod(withSecretEnv('db'));

/** Where something was cut. */
const MORE = 'what to do about each: kubectl taskgrant check -f FILE --server says';

function warningsOf(answer: Answer): readonly string[] {
  return answer.allowed ? (answer.warnings ?? []) : ['refused'];
}

describe('the author of a workload', () => {
  const advice = async (pod: Pod, world: World = {}) =>
    warningsOf(await review(createWorkloadAdviser(someFacts(world)), { object: aJobOf(pod) }));

  test('is told what its pods will be refused for, with the path in the workload', async () => {
    expect(await advice(GRANTED)).toEqual([
      'SecretNotGranted spec.template.spec.containers[0].env[0].valueFrom.secretKeyRef.name: asked db, the grant allows nothing',
      MORE,
    ]);
  });

  test('is told nothing where they will not be', async () => {
    expect(await advice(anAuthoredPod())).toEqual([]);
    expect(await advice(anAuthoredPod(), { grant: aGrant(justCreated) })).toEqual([]);
  });

  test('is told that the grant is not there', async () => {
    expect(await advice(GRANTED, { grant: 'none' })).toEqual([
      expect.stringMatching(/^GrantNotFound spec\.template\./),
      MORE,
    ]);
  });

  test('is told of what it asks for without a grant only where that is refused, or warned of', async () => {
    expect(await advice(UNGRANTED)).toEqual([]);
    expect(await advice(UNGRANTED, { enforceLevel: undefined })).toEqual([]);
    const refused = [expect.stringMatching(/^GrantRequired /), MORE];
    expect(await advice(UNGRANTED, { enforceLevel: 'required' })).toEqual(refused);
    expect(await advice(UNGRANTED, { levels: { 'taskgrant.dev/warn': 'required' } })).toEqual(refused);
    expect(
      await advice(UNGRANTED, { enforceLevel: 'granted', levels: { 'taskgrant.dev/warn': 'strict' } }),
    ).toEqual(refused);
    expect(await advice(UNGRANTED, { levels: { 'taskgrant.dev/audit': 'required' } })).toEqual([]);
  });

  test('is told of a grant’s account without its label at every level', async () => {
    for (const spec of [{ serviceAccountName: 'taskgrant-a-x' }, { serviceAccount: 'taskgrant-a-x' }]) {
      expect(await advice(anAuthoredPod(withoutLabels, withSpec(spec)))).toEqual([
        expect.stringMatching(/^GrantLabelMissing spec\.template\.spec\.serviceAccount/),
        MORE,
      ]);
    }
  });

  test('is told as much as is read', async () => {
    const containers = Array.from({ length: 30 }, (_, index) => ({ name: `c${index}`, image: 'busybox' }));
    const warnings = await advice(anAuthoredPod(withSpec({ containers })));
    expect(warnings).toHaveLength(11);
    expect(warnings.at(-1)).toBe('… and 20 more: kubectl taskgrant check -f FILE --server says all of it');
  });

  test('is told nothing of what makes no pods', async () => {
    expect(await review(createWorkloadAdviser(someFacts()), { object: { kind: 'ConfigMap' } })).toEqual({
      allowed: true,
    });
  });
});

describe('the author of a pod', () => {
  const warned = async (pod: Pod, warn: string | undefined, world: World = {}) =>
    review(
      createPodWarner(
        someFacts({ ...world, ...(warn !== undefined && { levels: { 'taskgrant.dev/warn': warn } }) }),
      ),
      {
        object: pod,
      },
    );

  test('is told what would be refused at the level that the namespace warns of', async () => {
    expect(warningsOf(await warned(UNGRANTED, 'required'))).toEqual([
      expect.stringMatching(/^GrantRequired spec\.containers\[0\]\.env/),
      MORE,
    ]);
    expect(warningsOf(await warned(UNGRANTED, 'granted'))).toEqual([]);
    expect(warningsOf(await warned(GRANTED, 'granted'))).toEqual([
      expect.stringMatching(/^SecretNotGranted /),
      MORE,
    ]);
  });

  test('is told of a pod that is there only what a change adds, and nothing of the node that it was given', async () => {
    const changed = async (before: Pod, after: Pod, warn: string) =>
      warningsOf(
        await review(createPodWarner(someFacts({ levels: { 'taskgrant.dev/warn': warn } })), {
          operation: 'UPDATE',
          object: after,
          oldObject: before,
        }),
      );
    const running = aPod(withSpec({ nodeName: 'node-1' }));
    const ungranted = anAuthoredPod(withoutLabels, withSpec({ nodeName: 'node-1' }));
    const more = withAnnotation('note', 'read');
    expect(await changed(running, more(running), 'granted')).toEqual([]);
    expect(await changed(running, more(running), 'required')).toEqual([]);
    expect(await changed(ungranted, more(ungranted), 'required')).toEqual([]);
    const debugged = withEphemeralContainer({ name: 'debug', image: 'busybox' });
    expect(await changed(running, debugged(running), 'granted')).toEqual([
      expect.stringMatching(/^ExecNotAllowed spec\.ephemeralContainers\[0\]:/),
      expect.stringMatching(/^ImageNotGranted spec\.ephemeralContainers\[0\]\.image:/),
      MORE,
    ]);
    const reading = withEphemeralContainer({
      name: 'debug',
      image: 'busybox',
      envFrom: [{ secretRef: { name: 'db' } }],
    });
    expect(await changed(ungranted, reading(ungranted), 'granted')).toEqual([]);
    expect(await changed(ungranted, reading(ungranted), 'required')).toEqual([
      expect.stringMatching(/^GrantRequired spec\.ephemeralContainers\[0\]/),
      MORE,
    ]);
  });

  test('is told nothing where the namespace warns of nothing, whatever it enforces', async () => {
    expect(await warned(GRANTED, undefined)).toEqual({ allowed: true });
    expect(await warned(UNGRANTED, undefined, { enforceLevel: 'required' })).toEqual({ allowed: true });
  });
});

describe('the audit log', () => {
  const audited = (pod: unknown, audit: string | undefined) =>
    review(
      createPodAuditor(someFacts({ levels: audit === undefined ? {} : { 'taskgrant.dev/audit': audit } })),
      {
        object: pod,
      },
    );

  test('has what would have been refused, and under which grant', async () => {
    expect(await audited(GRANTED, 'granted')).toMatchObject({
      allowed: true,
      audit: {
        grant: GRANT_NAME,
        decision: 'd-0123456789abcdef',
        violations: [{ code: 'SecretNotGranted' }],
      },
    });
    expect(await audited(UNGRANTED, 'required')).toMatchObject({
      allowed: true,
      audit: { violations: [{ code: 'GrantRequired' }] },
    });
  });

  test('has no more than the grant where nothing would have been', async () => {
    expect(await audited(anAuthoredPod(), 'granted')).toEqual({
      allowed: true,
      audit: { grant: GRANT_NAME, decision: 'd-0123456789abcdef' },
    });
    expect(await audited(UNGRANTED, 'granted')).toEqual({ allowed: true, audit: {} });
    const running = aPod(withSpec({ nodeName: 'node-1' }));
    const update = { operation: 'UPDATE' as const, object: withAnnotation('note', 'read')(running) };
    const auditor = createPodAuditor(someFacts({ levels: { 'taskgrant.dev/audit': 'granted' } }));
    expect(await review(auditor, { ...update, oldObject: running })).toEqual({
      allowed: true,
      audit: { grant: GRANT_NAME, decision: 'd-0123456789abcdef' },
    });
  });

  test('has nothing where the namespace does not ask for it', async () => {
    expect(await audited(GRANTED, undefined)).toEqual({ allowed: true });
  });
});

describe('the author of a class', () => {
  const advice = async (object: object) => warningsOf(await review(createClassAdviser(), { object }));

  test('is told what of it cannot be evaluated', async () => {
    const broken = aClass({
      validations: [{ expression: 'grant.spec.' }],
      namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'In', values: [] }] },
    });
    expect(await advice(broken)).toEqual([
      expect.stringMatching(/^SelectorInvalid spec\.namespaceSelector\./),
      expect.stringMatching(/^ExpressionInvalid spec\.validations\[0\]/),
      MORE,
    ]);
  });

  test('is told nothing of one that makes sense', async () => {
    expect(await advice(aClass())).toEqual([]);
  });
});
