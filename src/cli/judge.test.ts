import { describe, expect, test } from 'vitest';
import { externalKeys } from '../core/identity/external-identity.ts';
import { anAuthoredPod, withoutLabels, withVolume } from '../core/testing/builders.ts';
import { judgeAll, previewUnder, type World } from './judge.ts';
import { manifestsIn } from './manifests.ts';
import { objectsIn, type Objects } from './surroundings.ts';
import { aGrantText, aPodText, checkText, violationsIn } from './testing.ts';

/** A cluster without anything in it. */
const WORLD: World = {
  objects: objectsIn([]),
  isWhole: true,
  apiAudiences: [],
  externalKeys: externalKeys(),
  level: 'granted',
  now: 0,
  note: () => undefined,
};

async function violationsOf(text: string, flags: Parameters<typeof checkText>[1] = {}): Promise<string[]> {
  const { stdout, code } = await checkText(text, flags);
  const violations = violationsIn(stdout);
  expect(code).toBe(violations.length > 0 ? 1 : 0);
  return violations;
}

test('a grant whose rules give nothing is allowed, with a warning where it stands', async () => {
  const envelope =
    "{ tokens: [{ name: api }], kubernetes: [{ apiGroups: [''], resources: [nodes], verbs: [get] }] }";
  const { code, stdout } = await checkText(aGrantText('g', envelope));
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject([
    {
      violations: [],
      warnings: [
        { code: 'RuleGivesNothing', path: 'spec.envelope.kubernetes[0].resources[0]', asked: 'nodes' },
      ],
    },
  ]);
});

test('a grant with a resource that Kubernetes does not have is allowed, with a warning that says what is meant', async () => {
  const envelope =
    "{ tokens: [{ name: api }], kubernetes: [{ apiGroups: [''], resources: [configmap], verbs: [get] }] }";
  const { code, stdout } = await checkText(aGrantText('g', envelope));
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject([
    {
      violations: [],
      warnings: [
        {
          code: 'RuleGivesNothing',
          path: 'spec.envelope.kubernetes[0].resources[0]',
          asked: 'configmap',
          allowed: 'it is called configmaps',
          fix: 'write "configmaps"',
        },
      ],
    },
  ]);
});

describe('a pod', () => {
  test('within its grant is allowed, whatever is left open', async () => {
    expect(await violationsOf(aGrantText('g') + aPodText('p', 'g'))).toEqual([]);
  });

  test('is judged by a grant that stands behind it, or in another file', async () => {
    expect(await violationsOf(aPodText('p', 'g') + aGrantText('g'))).toEqual([]);
  });

  test('beyond it is denied with everything that is wrong, in the order of the file', async () => {
    const spec = `
  serviceAccountName: other
  hostNetwork: true
  volumes: [{ name: s, secret: { secretName: db } }]`;
    expect(await violationsOf(aGrantText('g') + aPodText('p', 'g', spec))).toEqual([
      'p: NodeAccess spec.hostNetwork',
      'p: ServiceAccountNotGranted spec.serviceAccountName',
      'p: SecretNotGranted spec.volumes[0].secret.secretName',
    ]);
  });

  test('whose grant is not there is told where else it could be', async () => {
    const { stdout, code } = await checkText(aPodText('p', 'g'));
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject([
      { violations: [{ code: 'GrantNotFound', fix: expect.stringMatching(/-f .*--server/) as string }] },
    ]);
  });

  test('is not judged by the grant of another namespace', async () => {
    const elsewhere = aGrantText('g').replace('name: g', 'name: g, namespace: other');
    expect(await violationsOf(elsewhere + aPodText('p', 'g'))).toEqual([
      'p: GrantNotFound metadata.labels[taskgrant.dev/grant]',
    ]);
  });

  test('under a grant that has ended is denied for that, too', async () => {
    const revoked = aGrantText('g').replace('duration: 15m', 'duration: 15m\n  revoke: true');
    expect(await violationsOf(revoked + aPodText('p', 'g'))).toEqual([
      'p: GrantNotActive metadata.labels[taskgrant.dev/grant]',
    ]);
  });

  test('is judged by what other identity systems go by, and by those that are named', async () => {
    const annotated = aPodText('p', 'g').replace(
      '{ name: p,',
      '{ name: p, annotations: { example.com/role: admin },',
    );
    expect(await violationsOf(aGrantText('g') + annotated)).toEqual([]);
    const externalIdentity = ['annotation:example.com/*'];
    expect(await violationsOf(aGrantText('g') + annotated, { externalIdentity })).toEqual([
      'p: ExternalIdentityNotGranted metadata.annotations[example.com/role]',
    ]);
  });
});

describe('what makes pods is judged by its template, with the path in its own file', () => {
  test.each([
    ['Job', 'batch/v1', 'spec.template.'],
    ['CronJob', 'batch/v1', 'spec.jobTemplate.spec.template.'],
    ['Deployment', 'apps/v1', 'spec.template.'],
    ['PodTemplate', 'v1', 'template.'],
  ])('%s', async (kind, apiVersion, prefix) => {
    const way = prefix.split('.').slice(0, -1);
    const template = {
      metadata: { labels: { 'taskgrant.dev/grant': 'g' } },
      spec: { containers: [{ name: 'a', image: 'other:v1' }] },
    };
    const inner = way.toReversed().reduce<object>((value, key) => ({ [key]: value }), template);
    const workload = { apiVersion, kind, metadata: { name: 'w' }, ...inner };
    expect(await violationsOf(aGrantText('g') + JSON.stringify(workload))).toEqual([
      `w: ImageNotGranted ${prefix}spec.containers[0].image`,
    ]);
  });

  test('unless it is of a group of its own', async () => {
    const job = {
      apiVersion: 'batch.example.com/v1',
      kind: 'Job',
      metadata: { name: 'w' },
      spec: 'anything',
    };
    expect(JSON.parse((await checkText(JSON.stringify(job))).stdout)).toEqual([]);
  });
});

describe('a pod without a grant', () => {
  const pod =
    'apiVersion: v1\nkind: Pod\nmetadata: { name: p }\nspec: { containers: [{ name: a, image: b }] }\n---\n';
  const namespace = (labels: string) =>
    `apiVersion: v1\nkind: Namespace\nmetadata: { name: agents, labels: { ${labels} } }\n---\n`;
  const denied = ['p: GrantRequired spec.automountServiceAccountToken'];

  test.each([
    ['passes where nobody says a level', pod, {}, []],
    ['is denied where --level says required', pod, { level: 'required' } as const, denied],
    ['is denied where its namespace does', pod + namespace('taskgrant.dev/enforce: required'), {}, denied],
    ['passes where its namespace only warns', pod + namespace('taskgrant.dev/warn: required'), {}, []],
    [
      'passes where its namespace says granted, whatever --level says',
      pod + namespace('taskgrant.dev/enforce: granted'),
      { level: 'required' } as const,
      [],
    ],
    [
      'passes where the default account mounts no token',
      `${pod}apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: default }\nautomountServiceAccountToken: false\n`,
      { level: 'required' } as const,
      [],
    ],
  ])('%s', async (_what, text, flags, violations) => {
    expect(await violationsOf(text, flags)).toEqual(violations);
  });

  test('is judged at a level that is said, where no namespace says one', async () => {
    const assumed =
      'note: there is no namespace agents in the files: its level counts as granted; say another with --level, or ask the cluster with --server';
    expect((await checkText(pod)).stderr).toEqual([assumed]);
    expect((await checkText(pod + namespace('taskgrant.dev/enforce: granted'))).stderr).toEqual([]);
    expect((await checkText(pod, { level: 'required' })).stderr).toEqual([]);
    expect((await checkText(aPodText('p', 'g'))).stderr).toEqual([]);
  });
});

describe('in a namespace that', () => {
  const pod =
    'apiVersion: v1\nkind: Pod\nmetadata: { name: p, labels: { taskgrant.dev/grant: none } }\nspec: { containers: [{ name: a, image: b }] }\n---\n';
  const judgedIn = async (labels: string, text = pod) => {
    const namespace = `apiVersion: v1\nkind: Namespace\nmetadata: { name: agents, labels: { ${labels} } }\n`;
    const { stdout, stderr, code } = await checkText(text + namespace);
    const [entry] = JSON.parse(stdout) as Record<'violations' | 'warnings', { code: string }[]>[];
    const codes = (found: { code: string }[] = []) => found.map((one) => one.code);
    return { violations: codes(entry?.violations), warnings: codes(entry?.warnings), stderr, code };
  };
  const unjudged = ['note: namespace agents has no label taskgrant.dev/enforce: no pod is refused there'];

  test('enforces, a pod is refused', async () => {
    const refused = { violations: ['GrantNotFound'], warnings: [], stderr: [], code: 1 };
    expect(await judgedIn('taskgrant.dev/enforce: granted')).toEqual(refused);
    expect(await judgedIn('taskgrant.dev/enforce: granted, taskgrant.dev/warn: granted')).toEqual(refused);
  });

  test.each(['warn', 'audit'])(
    'has the label %s alone, nothing is refused, and it is said',
    async (label) => {
      expect(await judgedIn(`taskgrant.dev/${label}: granted`)).toEqual({
        violations: [],
        warnings: ['GrantNotFound'],
        stderr: unjudged,
        code: 0,
      });
    },
  );

  test('warns of more than it refuses, both are said', async () => {
    const ungranted = pod.replace('taskgrant.dev/grant: none', 'a: b');
    const labels = 'taskgrant.dev/enforce: granted, taskgrant.dev/warn: required';
    expect(await judgedIn(labels, ungranted)).toMatchObject({
      violations: [],
      warnings: ['GrantRequired'],
      code: 0,
    });
  });

  test('has no label, nothing is judged', async () => {
    expect(await judgedIn('a: b')).toEqual({ violations: [], warnings: [], stderr: unjudged, code: 0 });
  });
});

test('what is in no file and counts as harmless is said', async () => {
  const text = aGrantText('g', '{ csiDrivers: [a.csi.example] }').replace(
    'spec:',
    'spec:\n  className: fast',
  );
  const pod = aPodText('p', 'g', 'volumes: [{ name: v, csi: { driver: a.csi.example } }]');
  expect((await checkText(text + pod + pod.replace('name: p', 'name: q'))).stderr).toEqual([
    'note: there is no TaskGrantClass fast in the files: its limits are not looked at',
    'note: there is no CSIDriver a.csi.example: it counts as one that is handed no tokens',
  ]);
});

describe('what a pod refers to is looked for in the files', () => {
  const claim = aPodText('p', 'g', 'volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]');
  const pvc = (spec: string) =>
    `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: data }\nspec: { ${spec} }\n---\n`;
  const driver =
    'apiVersion: storage.k8s.io/v1\nkind: CSIDriver\nmetadata: { name: csi.example }\nspec: { tokenRequests: [{ audience: vault }] }\n---\n';
  const storageClass = (more: string) =>
    `apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: { name: fast${more} }\nprovisioner: csi.example\n---\n`;

  test('a claim that is not there cannot be told', async () => {
    expect(await violationsOf(aGrantText('g') + claim)).toEqual(['p: ClaimNotResolved spec.volumes[0]']);
  });

  test('a claim leads by its class to a driver, and that to the tokens it is handed', async () => {
    const files = pvc('storageClassName: fast') + storageClass('') + driver;
    expect(await violationsOf(aGrantText('g') + claim + files)).toEqual([
      'p: DriverNotGranted spec.volumes[0]',
      'p: TokenAudienceNotGranted spec.volumes[0]',
    ]);
  });

  test('a claim without a class is of the default one', async () => {
    const isDefault = ', annotations: { storageclass.kubernetes.io/is-default-class: "true" }';
    expect(await violationsOf(aGrantText('g') + claim + pvc('') + storageClass(isDefault))).toEqual([]);
  });

  test('a bound claim leads to its volume', async () => {
    const volume =
      'apiVersion: v1\nkind: PersistentVolume\nmetadata: { name: pv }\nspec: { hostPath: { path: /etc } }\n---\n';
    expect(await violationsOf(aGrantText('g') + claim + pvc('volumeName: pv') + volume)).toEqual([
      'p: NodeAccess spec.volumes[0]',
    ]);
  });

  test('a resource claim’s template leads to its devices', async () => {
    const template =
      'apiVersion: resource.k8s.io/v1\nkind: ResourceClaimTemplate\nmetadata: { name: gpu }\nspec: { spec: { devices: { requests: [{ name: a, exactly: { deviceClassName: gpu.example } }] } } }\n---\n';
    const pod = aPodText('p', 'g', 'resourceClaims: [{ name: a, resourceClaimTemplateName: gpu }]');
    expect(await violationsOf(aGrantText('g') + pod + template)).toEqual([
      'p: DeviceNotGranted spec.resourceClaims[0]',
    ]);
  });
});

describe('a grant', () => {
  test('is judged by everything that needs no cluster', async () => {
    const grant = aGrantText('g'.repeat(45), '{ externalIdentity: { example.com/unknown: x } }')
      .replace("'agent:v1'", "'AGENT'")
      .replace('duration: 15m', 'duration: 15m\n  parentRef: { name: plan }');
    expect((await violationsOf(grant)).map((line) => line.split(': ')[1])).toEqual([
      'NameTooLong metadata.name',
      'ExternalIdentityUnknown spec.envelope.externalIdentity[example.com/unknown]',
      'NotSupportedYet spec.parentRef',
      'ImagePatternInvalid spec.workload.images[0]',
    ]);
  });

  const itsClass = (more: string, limits = '{ maxDuration: 10m }') =>
    `apiVersion: taskgrant.dev/v1alpha1\nkind: TaskGrantClass\nmetadata: { name: short${more} }\nspec: { authorization: Ceiling, grantor: { namespace: a, name: b }, limits: ${limits} }\n---\n`;
  const named = aGrantText('g').replace('spec:', 'spec:\n  className: short');

  test('is judged by its class, where that is in the files', async () => {
    expect(await violationsOf(named)).toEqual([]);
    expect(await violationsOf(named + itsClass(''))).toEqual(['g: LimitExceeded spec.duration']);
  });

  test('is judged by all that its class says, as far as the files know the namespace', async () => {
    const selective = itsClass('').replace(
      'limits: { maxDuration: 10m }',
      'requireImageDigest: true, ceiling: { secrets: [a] }, namespaceSelector: { matchLabels: { team: a } }',
    );
    const namespace =
      'apiVersion: v1\nkind: Namespace\nmetadata: { name: agents, labels: { team: b } }\n---\n';
    const bounds = ['g: BeyondCeiling spec.envelope.tokens[0]', 'g: ImageNotPinned spec.workload.images[0]'];
    expect(await violationsOf(named + selective)).toEqual(bounds);
    expect((await checkText(named + selective)).stderr).toContain(
      'note: there is no namespace agents: whether class short selects it is not looked at',
    );
    expect(await violationsOf(named + selective + namespace)).toEqual([
      'g: NamespaceNotSelected metadata.namespace',
      ...bounds,
    ]);
  });

  const aNamespaceText =
    'apiVersion: v1\nkind: Namespace\nmetadata: { name: agents, labels: { team: a, taskgrant.dev/enforce: granted } }\n---\n';

  test('is judged by the validations of its class, but for those about what nobody knows here, which are counted', async () => {
    const validated = itsClass('', '{}').replace(
      'limits:',
      `validations: [{ expression: 'grant.spec.workload.maxPods > 1', message: retries }, { expression: "requester.username == 'x'" }, { expression: "namespaceObject.metadata.labels.team == 'b'" }], limits:`,
    );
    expect(await violationsOf(named + validated)).toEqual(['g: ValidationFailed spec.className']);
    expect((await checkText(named + validated)).stderr).toContain(
      'note: of TaskGrant g cannot be told without requester and namespaceObject: spec.validations[1], spec.validations[2] of class short',
    );
    expect(await violationsOf(named + validated + aNamespaceText)).toEqual([
      'g: ValidationFailed spec.className',
      'g: ValidationFailed spec.className',
    ]);
    expect((await checkText(named + validated + aNamespaceText)).stdout).toContain(
      'whose spec.validations[2]',
    );
  });

  test('is judged by its conditions, and so are its pods', async () => {
    const conditions = (expression: string) =>
      aGrantText('g').replace('spec:', `spec:\n  conditions: [{ name: one, expression: "${expression}" }]`);
    const atItsPods = conditions("request.action != 'admit' || has(request.pod.spec.priority)");
    expect(await violationsOf(conditions('grant.spec.workload.maxPods > 1') + aPodText('p', 'g'))).toEqual([
      'g: ConditionNotMet spec.conditions[0]',
      'p: ConditionNotMet metadata.labels[taskgrant.dev/grant]',
    ]);
    expect(await violationsOf(atItsPods + aPodText('p', 'g'))).toEqual([
      'p: ConditionNotMet metadata.labels[taskgrant.dev/grant]',
    ]);
    expect(await violationsOf(conditions('request.nope'))).toEqual([
      'g: ExpressionInvalid spec.conditions[0].expression',
    ]);
    const atNight = conditions("request.action != 'admit' || request.time.getFullYear() < 2000");
    expect(await violationsOf(atNight)).toEqual([]);
    expect((await checkText(atNight)).stderr.join()).not.toContain('moment');
    expect(await violationsOf(atNight + aPodText('p', 'g'))).toEqual([]);
    expect((await checkText(atNight + aPodText('p', 'g'))).stderr).toContain(
      'note: of TaskGrant g hangs on the moment: condition one',
    );
    const about = conditions("namespaceObject.metadata.labels.team == 'b'") + aPodText('p', 'g');
    expect(await violationsOf(about)).toEqual([]);
    expect((await checkText(about)).stderr).toContain(
      'note: of TaskGrant g cannot be told without requester and namespaceObject: condition one',
    );
    expect(await violationsOf(about + aNamespaceText)).toHaveLength(2);
  });

  test('that will wait for approval is allowed, and that is said', async () => {
    const waiting = 'TaskGrant g will wait until somebody approves it: class short asks for that from risk';
    const approvedFrom = (level: string) => itsClass('', `{}, approval: { requiredAtRisk: ${level} }`);
    expect(await checkText(named + approvedFrom('None'))).toMatchObject({
      code: 0,
      stderr: expect.arrayContaining([`note: ${waiting} None on`]) as string[],
    });
    expect((await checkText(named + approvedFrom('Critical'))).stderr.join()).not.toContain(waiting);
  });

  test('with rules is allowed whatever the grantor of its class holds, and that is said once of a class', async () => {
    const notLookedAt =
      'note: what the grantor of TaskGrantClass short holds is not looked at: rules of a grant that go beyond it are refused';
    const open = itsClass('', '{}');
    const rules = "{ kubernetes: [{ apiGroups: [''], resources: [pods], verbs: [get] }] }";
    const ruled = (name: string) => aGrantText(name, rules).replace('spec:', 'spec:\n  className: short');
    const { stderr, code } = await checkText(ruled('g') + ruled('h') + open);
    expect([code, stderr.filter((line) => line === notLookedAt)]).toEqual([0, [notLookedAt]]);
    expect((await checkText(named + open)).stderr).not.toContain(notLookedAt);
  });

  test('with fewer pods than a Job may make is allowed, and that is said', async () => {
    const job = `apiVersion: batch/v1
kind: Job
metadata: { name: j }
spec:
  template:
    metadata: { labels: { taskgrant.dev/grant: g } }
    spec: { restartPolicy: Never, containers: [{ name: main, image: 'agent:v1' }] }
`;
    expect(await checkText(aGrantText('g') + job)).toMatchObject({
      code: 0,
      stderr: expect.arrayContaining([
        'note: Job j: backoffLimit 6 may make 7 pods, and the grant allows 1: set backoffLimit: 0, or maxPods: 7',
      ]) as string[],
    });
  });

  test('whose class is malformed is judged without it, and that is said', async () => {
    expect(await checkText(named + itsClass('', '{ maxDuration: soon }'))).toMatchObject({
      code: 2,
      stderr: expect.arrayContaining([
        'note: TaskGrant g is judged without its TaskGrantClass short, which is malformed; correct that first',
        expect.stringContaining('spec.limits.maxDuration'),
      ]) as string[],
    });
  });

  test('a class is judged by itself', async () => {
    const odd = itsClass('', '{}').replace('limits:', "validations: [{ expression: '1 +' }], limits:");
    expect(await violationsOf(odd)).toEqual(['short: ExpressionInvalid spec.validations[0].expression']);
    expect(JSON.parse((await checkText(itsClass(''))).stdout)).toMatchObject([
      { kind: 'TaskGrantClass', name: 'short', allowed: true },
    ]);
  });

  test('that names no class is judged by the default one', async () => {
    expect(await checkText(aGrantText('g') + itsClass(''))).toMatchObject({
      code: 0,
      stderr: ['note: there is no default TaskGrantClass in the files: its limits are not looked at'],
    });
    const isDefault = ', annotations: { taskgrant.dev/is-default-class: "true" }';
    expect(await violationsOf(aGrantText('g') + itsClass(isDefault))).toEqual([
      'g: LimitExceeded spec.duration',
    ]);
  });
});

describe('what is malformed is an error with its place, and hides nothing', () => {
  test.each([
    [
      'a grant',
      aGrantText('g').replace('duration: 15m', 'duration: soon') + aPodText('other', 'h'),
      /spec\.duration/,
    ],
    [
      'a pod',
      aPodText('p', 'g', 'volumes: { a: b }') + aPodText('other', 'h'),
      /^stdin:6:3: spec\.volumes: must be a list/,
    ],
    [
      'a workload without a template',
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: d }\nspec: {}\n---\n${aPodText('other', 'h')}`,
      /^stdin:4:1: spec: a Deployment without a template/,
    ],
  ])('%s', async (_what, text, message) => {
    const { stdout, stderr, code } = await checkText(text);
    expect(code).toBe(2);
    expect(stderr).toMatchObject([expect.stringMatching(message) as string]);
    expect(violationsIn(stdout)).toEqual(['other: GrantNotFound metadata.labels[taskgrant.dev/grant]']);
  });

  test('a field that there is not, even where it is null', async () => {
    const { stdout, stderr, code } = await checkText(
      aGrantText('g').replace('duration: 15m', 'duration: 15m\n  className: ~\n  frobnicate: ~'),
    );
    expect([stdout, code]).toEqual(['[]\n', 2]);
    expect(stderr).toEqual([expect.stringMatching(/^stdin:10:3: spec\.frobnicate: no such field/)]);
  });

  test('a pod under a grant that is malformed is not said to be without one', async () => {
    const { stdout, stderr, code } = await checkText(
      aGrantText('g').replace('15m', 'soon') + aPodText('p', 'g'),
    );
    expect([stdout, code]).toEqual(['[]\n', 2]);
    expect(stderr).toMatchObject([
      expect.stringContaining('spec.duration') as string,
      expect.stringMatching(/^stdin:10:1: cannot be judged: TaskGrant g is malformed/) as string,
    ]);
  });
});

test('input without any object is an error: what writes it has failed', async () => {
  expect(await checkText('# nothing\n')).toMatchObject({
    code: 2,
    stderr: [expect.stringContaining('no object') as string],
  });
});

test('a grant is approved by somebody when it is there, and not by its author', async () => {
  const approval = 'approval: { decision: Approved, reason: mine }';
  const grant = aGrantText('g').replace('spec:', `spec:\n  ${approval}`);
  expect(await violationsOf(grant)).toEqual(['g: ApprovalAtCreation spec.approval']);
  // As `kubectl get -o yaml` has it.
  expect(await violationsOf(grant.replace('name: g ', 'name: g, uid: a-uid '))).toEqual([]);
});

describe('what is misspelt is told where it stands:', () => {
  const problemsIn = async (text: string) => {
    const { code, stderr } = await checkText(text);
    expect(code).toBe(2);
    return stderr.filter((line) => !line.startsWith('note: ')).map((line) => line.replace(/^[^ ]* /, ''));
  };

  test.each([
    [
      'a kind',
      aPodText('p', 'g').replace('kind: Pod', 'kind: pod'),
      'kind: there is no pod in v1: write Pod',
    ],
    [
      'a group',
      aPodText('p', 'g').replace('apiVersion: v1', 'apiVersion: apps/v1'),
      'apiVersion: there is no Pod in apps/v1: it is of v1',
    ],
    [
      'our own group',
      aGrantText('g').replace('taskgrant.dev/', 'taskgrants.dev/'),
      'apiVersion: there is no TaskGrant in taskgrants.dev/v1alpha1: it is of the group taskgrant.dev',
    ],
    [
      'a field of a pod',
      aPodText('p', 'g', "initContainer: [{ name: a, image: 'agent:v1' }]"),
      'spec.initContainer: no such field: did you mean initContainers?',
    ],
    [
      'one of its metadata',
      aPodText('p', 'g').replace('labels:', 'lables:'),
      'metadata.lables: no such field: did you mean labels?',
    ],
  ])('%s', async (_, text, problem) => {
    expect(await problemsIn(text)).toEqual([problem]);
  });

  test('and nothing is said of what may be somebody else’s', async () => {
    const volcano = aPodText('p', 'g')
      .replace('apiVersion: v1', 'apiVersion: batch.volcano.sh/v1alpha1')
      .replace('kind: Pod', 'kind: Job');
    expect(await checkText(volcano)).toMatchObject({ code: 0 });
    expect(await checkText(aPodText('p', 'g', 'telepathy: true'))).toMatchObject({ code: 1 });
  });
});

test('a level that is none is told', async () => {
  const namespace = (level: string) =>
    `apiVersion: v1\nkind: Namespace\nmetadata: { name: agents, labels: { taskgrant.dev/enforce: ${level} } }\n`;
  expect((await checkText(namespace('Granted'))).stderr).toContain(
    'note: Namespace agents: taskgrant.dev/enforce: Granted is no level, and counts as required: write granted or required',
  );
  expect((await checkText(namespace('granted'))).stderr).toEqual([]);
});

test('a Deployment of more pods than its grant allows is told', async () => {
  const deployment = (replicas: number) =>
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: d }\nspec: { replicas: ${replicas}, template: { metadata: { labels: { taskgrant.dev/grant: g } }, spec: { containers: [{ name: main, image: 'agent:v1' }] } } }\n`;
  const notesOn = async (replicas: number) =>
    (await checkText(aGrantText('g') + deployment(replicas))).stderr.filter((line) =>
      line.includes('replicas'),
    );
  expect(await notesOn(3)).toEqual([
    'note: Deployment d: replicas 3, and the grant allows 1: set maxPods: 3, and more for pods that are replaced',
  ]);
  expect(await notesOn(1)).toEqual([]);
});

describe('a label that puts no pod under a grant is told:', () => {
  const notesOn = async (text: string) =>
    (await checkText(text)).stderr.filter((line) => line.includes('label'));

  test('misspelt on a pod', async () => {
    const pod = aPodText('p', 'g').replace('taskgrant.dev/grant:', 'taskgrant.dev/grnat:');
    expect(await notesOn(pod)).toEqual([
      'note: Pod p: label taskgrant.dev/grnat: means nothing on a pod: write taskgrant.dev/grant, which alone puts it under a grant',
    ]);
    expect(await notesOn(aGrantText('g') + aPodText('p', 'g'))).toEqual([]);
  });

  test('as an annotation', async () => {
    const pod = aPodText('p', 'g').replace('labels:', 'annotations:');
    expect(await notesOn(pod)).toEqual([
      'note: Pod p: taskgrant.dev/grant as an annotation puts no pod under a grant: write it into the labels',
    ]);
  });

  test('on the Jobs of a CronJob', async () => {
    const cronJob =
      "apiVersion: batch/v1\nkind: CronJob\nmetadata: { name: c }\nspec: { schedule: '@daily', jobTemplate: { metadata: { labels: { taskgrant.dev/grant: g } }, spec: { template: { spec: { restartPolicy: Never, containers: [{ name: main, image: 'agent:v1' }] } } } } }\n";
    expect(await notesOn(cronJob)).toEqual([
      'note: CronJob c: taskgrant.dev/grant on a workload puts none of its pods under a grant: write it into the labels of their template',
    ]);
  });

  test('on a workload instead of its template', async () => {
    const job = (own: string, ofPods: string) =>
      `apiVersion: batch/v1\nkind: Job\nmetadata: { name: j, labels: ${own} }\nspec: { template: { metadata: { labels: ${ofPods} }, spec: { restartPolicy: Never, containers: [{ name: main, image: 'agent:v1' }] } } }\n`;
    const label = '{ taskgrant.dev/grant: g }';
    expect(await notesOn(job(label, '{}'))).toEqual([
      'note: Job j: taskgrant.dev/grant on a workload puts none of its pods under a grant: write it into the labels of their template',
    ]);
    expect(await notesOn(`${aGrantText('g')}${job(label, label)}`)).toEqual([]);
  });
});

test('a grant that reaches into a namespace is told where the cluster has none, and where nobody may look', async () => {
  const grant = aGrantText(
    'g',
    "{ kubernetes: [{ apiGroups: [''], resources: [pods], verbs: [get], namespaces: [there, suport, hidden] }] }",
  );
  const { manifests } = manifestsIn([{ file: '-', text: grant }], 'agents');
  const inCluster = objectsIn([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'there' } }]);
  const objects: Objects = {
    ...inCluster,
    get: (what, place) =>
      place.name === 'hidden' ? Promise.reject(new Error('forbidden')) : inCluster.get(what, place),
  };
  const notesIn = async (isWhole: boolean) => {
    const notes: string[] = [];
    const note = (text: string) => notes.push(text);
    await judgeAll(manifests, { ...WORLD, objects, isWhole, note });
    return notes.filter((one) => / (suport|hidden)/.test(one));
  };
  expect(await notesIn(true)).toEqual([
    'of TaskGrant g: without namespace suport the TaskGrant is denied, and there is none',
    'of TaskGrant g it is not looked at whether there is a namespace hidden: forbidden',
  ]);
  expect(await notesIn(false)).toEqual([]);
});

test('where a pod without a grant is not judged, nothing that it refers to is looked for', async () => {
  const pod = anAuthoredPod(withoutLabels, withVolume({ persistentVolumeClaim: { claimName: 'data' } }));
  const asked: string[] = [];
  const objects: Objects = {
    get: ({ kind }) => {
      asked.push(kind);
      return Promise.resolve(undefined);
    },
    list: () => Promise.resolve([]),
  };
  const world: World = { ...WORLD, objects };
  expect(await previewUnder(pod, 'agents', undefined, 'granted', world)).toEqual([]);
  expect(asked).toEqual([]);
  const found = await previewUnder(pod, 'agents', undefined, 'required', world);
  const codes = found.map(({ code }) => code);
  expect(codes).toContain('GrantRequired');
  expect(asked).toContain('PersistentVolumeClaim');
});
