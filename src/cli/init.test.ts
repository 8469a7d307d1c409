import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, parseDocument } from 'yaml';
import { renderViolation } from '../core/decision/denial.ts';
import type { Violation } from '../core/decision/violation.ts';
import { aPodText, checkText, initText } from './testing.ts';

const job = (spec: string, template: string) => `apiVersion: batch/v1
kind: Job
metadata: { name: summarise, namespace: agents }
spec:
  ${spec}
  template:
    spec:
      containers: [{ name: main, image: 'registry.example/agent:v1' }]
      ${template}
`;

interface Grant {
  metadata: object;
  spec: { workload: object; envelope: object; task: { intent: string } };
}

describe('the grant of a workload', () => {
  test('has what it asks for, and nothing else', async () => {
    const { stdout, stderr, code } = await initText(
      job(
        'backoffLimit: 2',
        `imagePullSecrets: [{ name: registry }]
      volumes:
        - name: tokens
          projected:
            sources:
              - serviceAccountToken: { path: a, audience: 'https://vault.example', expirationSeconds: 900 }
              - serviceAccountToken: { path: b, audience: 'https://vault.example', expirationSeconds: 1800 }
              - serviceAccountToken: { path: c, audience: 'https://kubernetes.default.svc' }
              - podCertificate: { signerName: example.com/a, keyType: ED25519, keyPath: k, certificateChainPath: l }
        - name: secrets
          csi: { driver: secrets.example }`,
      ),
    );
    expect(code).toBe(0);
    expect(stderr).toEqual([
      'note: there is no CSIDriver secrets.example: it counts as one that is handed no tokens',
      'note: put the label taskgrant.dev/grant: summarise into spec.template.metadata.labels',
    ]);
    expect(parse(stdout)).toEqual({
      apiVersion: 'taskgrant.dev/v1alpha1',
      kind: 'TaskGrant',
      metadata: { name: 'summarise', namespace: 'agents' },
      spec: {
        task: { intent: 'Say here what the task is for' },
        workload: { images: ['registry.example/agent:v1'], maxPods: 3 },
        envelope: {
          tokens: [
            { name: 'api', expirationSeconds: 3600 },
            { name: 'vault-example', audience: 'https://vault.example', expirationSeconds: 1800 },
          ],
          secrets: ['registry'],
          certificates: [{ signerName: 'example.com/a', maxExpirationSeconds: 86_400 }],
          csiDrivers: ['secrets.example'],
        },
        duration: '30m',
      },
    });
  });

  test('has no token where the workload wants none, and says what no manifest can', async () => {
    const { stdout } = await initText(job('backoffLimit: 0', 'automountServiceAccountToken: false'));
    expect((parse(stdout) as Grant).spec).toMatchObject({
      workload: { images: expect.anything() as unknown },
      envelope: {},
    });
    expect((parse(stdout) as Grant).spec.workload).not.toHaveProperty('maxPods');
    expect(stdout).toContain('# No manifest says what a task does at the API server.');
  });

  test.each([
    ['beside a token', 'automountServiceAccountToken: true'],
    ['in place of nothing', 'automountServiceAccountToken: false'],
  ])('has its rule where the author takes the # away, %s', async (_what, spec) => {
    const { stdout } = await initText(aPodText('p', 'g', spec));
    const uncommented = stdout.replace(/#( *(?:kubernetes:|- \{))/g, '$1').replace(/^ +\{\}\n/m, '');
    expect((parse(uncommented) as Grant).spec.envelope).toMatchObject({
      kubernetes: [{ resources: ['configmaps'], verbs: ['get'] }],
    });
  });

  test('is complete when as many pods have succeeded as the Job wants', async () => {
    const { stdout } = await initText(job('completions: 5', ''));
    expect((parse(stdout) as Grant).spec).toMatchObject({
      workload: { maxPods: 11 },
      completion: { succeeded: 5 },
    });
  });

  test('says what cannot be granted, with its line, its path and what to do', async () => {
    const { stdout, stderr, code } = await initText(
      job('', 'hostNetwork: true\n      serviceAccountName: shared'),
    );
    expect(code).toBe(1);
    expect(parseDocument(stdout).errors).toEqual([]);
    expect(stderr.slice(0, 3)).toEqual([
      'This cannot be granted:',
      expect.stringMatching(/^stdin:9 {2}NodeAccess spec\.template\.spec\.hostNetwork: .*; drop the field/),
      expect.stringMatching(
        /^stdin:10 {2}ServiceAccountNotGranted spec\.template\.spec\.serviceAccountName: .*; leave/,
      ),
    ]);
  });

  test('has the name that is wanted, or the label’s, or one that a grant can have', async () => {
    const nameOf = async (text: string, flags = {}) =>
      (parse((await initText(text, flags)).stdout) as Grant).metadata;
    expect(await nameOf(aPodText('p', 'labelled'))).toMatchObject({ name: 'labelled' });
    expect(await nameOf(aPodText('p', 'labelled'), { name: 'mine' })).toMatchObject({ name: 'mine' });
    const long = job('', '').replace('name: summarise', `generateName: ${'x'.repeat(43)}.-`);
    expect(await nameOf(long)).toMatchObject({ name: 'x'.repeat(43) });
  });
});

describe('no grant is written', () => {
  test.each([
    [
      'for two workloads at a time',
      job('', '') + `---\n${aPodText('p', 'g')}`,
      'give one of Job/agents/summarise, Pod/agents/p',
    ],
    ['for none', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n', 'no pod in it'],
    ['for a pod that is none', job('', 'volumes: 5'), 'spec.template.spec.volumes: must be a list'],
    ['for a pod without an image', job('', '').replace('registry.example/agent:v1', 'NO IMAGE'), 'name one'],
    [
      'where it would not be valid',
      job('', `imagePullSecrets: [{ name: 'not a name' }]`),
      'spec.envelope.secrets[0]',
    ],
  ])('%s', async (_what, text, words) => {
    await expect(initText(text)).rejects.toThrow(words);
  });
});

/** Pods that ask for all kinds of things, grantable and not. */
const aPod = fc
  .record(
    {
      serviceAccountName: fc.constantFrom('default', 'other'),
      automountServiceAccountToken: fc.boolean(),
      hostNetwork: fc.boolean(),
      shareProcessNamespace: fc.boolean(),
      imagePullSecrets: fc.array(fc.record({ name: fc.constantFrom('a', 'b.c', 'd-1') })),
      volumes: fc.array(
        fc.oneof(
          fc.record({ secret: fc.record({ secretName: fc.constantFrom('a', 'db') }) }),
          fc.record({ csi: fc.record({ driver: fc.constantFrom('one.example', 'two.example') }) }),
          fc.record({ hostPath: fc.record({ path: fc.constant('/etc') }) }),
          fc.record({ persistentVolumeClaim: fc.record({ claimName: fc.constant('nowhere') }) }),
          fc.record({ image: fc.record({ reference: fc.constantFrom('files:v1', 'NONE') }) }),
          fc.record({
            projected: fc.record({
              sources: fc.array(
                fc.oneof(
                  fc.record({
                    serviceAccountToken: fc.record(
                      {
                        path: fc.constantFrom('a', 'b', 'token'),
                        audience: fc.constantFrom(
                          '',
                          'api',
                          'vault',
                          'https://vault',
                          'http://vault',
                          '…',
                          'https://kubernetes.default.svc',
                        ),
                        expirationSeconds: fc.constantFrom(1, 600, 3607, 7200, 100_000),
                      },
                      { requiredKeys: ['path'] },
                    ),
                  }),
                  fc.record({
                    podCertificate: fc.record(
                      {
                        signerName: fc.constantFrom('example.com/a', 'example.com/b'),
                        keyType: fc.constant('ED25519'),
                        maxExpirationSeconds: fc.constantFrom(60, 3600, 7200, 7_862_400),
                        userAnnotations: fc.constantFrom({ a: '1' }, { a: '2' }),
                      },
                      { requiredKeys: ['signerName', 'keyType'] },
                    ),
                  }),
                ),
                { maxLength: 3 },
              ),
            }),
          }),
        ),
        { maxLength: 4 },
      ),
      containers: fc.array(
        fc.record(
          {
            image: fc.constantFrom(
              'agent',
              'agent:v1',
              `agent@sha256:${'0'.repeat(64)}`,
              `agent:v1@sha256:${'0'.repeat(64)}`,
            ),
            envFrom: fc.array(fc.record({ secretRef: fc.record({ name: fc.constantFrom('env', 'db') }) }), {
              maxLength: 2,
            }),
            resources: fc.record({ limits: fc.constantFrom({ cpu: '1' }, { 'example.com/gpu': '1' }) }),
            securityContext: fc.record({ privileged: fc.boolean() }),
          },
          { requiredKeys: ['image'] },
        ),
        { minLength: 1, maxLength: 3 },
      ),
    },
    { requiredKeys: ['containers'] },
  )
  .map(({ volumes, containers, ...spec }) => ({
    ...spec,
    ...(volumes && { volumes: volumes.map((volume, index) => ({ name: `v${index}`, ...volume })) }),
    containers: containers.map((container, index) => ({ name: `c${index}`, ...container })),
  }));

const annotations = fc.constantFrom(
  {},
  { 'iam.amazonaws.com/role': 'admin' },
  { 'vault.hashicorp.com/agent-inject': 'true', 'spiffe.io/federatesWith': 'a' },
);

test('a name that is too long for a grant is told, and no grant written', async () => {
  const name = 'a'.repeat(60);
  const pod = aPodText('p', name);
  await expect(initText(pod)).rejects.toThrow(/more than 44 characters, and "?a{60}"? has 60/);
});

test('under the grant that is written a pod is denied nothing but what was said', async () => {
  await fc.assert(
    fc.asyncProperty(aPod, annotations, async (spec, annotations) => {
      const labels = { 'taskgrant.dev/grant': 'g' };
      const pod = JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'p', labels, annotations },
        spec,
      });
      const { stdout: grant, stderr: said } = await initText(pod);
      const { stdout, stderr } = await checkText(`${pod}\n---\n${grant}`);
      expect(stderr.filter((line) => !line.startsWith('note: there is no '))).toEqual([]);
      const violations = (JSON.parse(stdout) as { violations: Violation[] }[]).flatMap(
        (one) => one.violations,
      );
      const unsaid = violations
        .map(renderViolation)
        .filter((line) => !said.some((one) => one.endsWith(line)));
      expect(unsaid).toEqual([]);
      const codes = new Set(violations.map(({ code }) => code));
      for (const grantable of [
        'ImageNotGranted',
        'SecretNotGranted',
        'TokenAudienceNotGranted',
        'DriverNotGranted',
        'DeviceNotGranted',
        'ExternalIdentityNotGranted',
      ] as const) {
        // But what is no image at all.
        if (grantable === 'ImageNotGranted' && pod.includes('NONE')) continue;
        expect(codes).not.toContain(grantable);
      }
    }),
    { numRuns: 150 },
  );
});
