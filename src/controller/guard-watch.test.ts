import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { customResourceDefinition, KINDS } from '../api/crd.ts';
import type {
  ConfigMap,
  CustomResourceDefinition,
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../api/kubernetes.ts';
import { nameOf, type Verdict } from '../core/guards/tampering.ts';
import { silentLogger } from '../kube/logger.ts';
import { createGuardWatch, INSTALLED_KEY, type GuardWatch } from './guard-watch.ts';
import { reading } from './testing.ts';

const place = { namespace: 'taskgrant-system', name: 'taskgrant-installed' };
const ADMISSION = 'admissionregistration.k8s.io/v1';

const aCluster = () => ({
  installed: reading<ConfigMap, never>({}),
  policies: reading<ValidatingAdmissionPolicy, never>({}),
  policyBindings: reading<ValidatingAdmissionPolicyBinding, never>({}),
  grantDefinition: reading<CustomResourceDefinition, never>({}),
  classDefinition: reading<CustomResourceDefinition, never>({}),
  mutating: reading<MutatingWebhookConfiguration, never>({}),
  validating: reading<ValidatingWebhookConfiguration, never>({}),
});

const webhooks = (failurePolicy = 'Fail'): ValidatingWebhookConfiguration => ({
  apiVersion: ADMISSION,
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'taskgrant', uid: '1' },
  webhooks: [
    {
      name: 'namespaces.taskgrant.dev',
      failurePolicy,
      clientConfig: { caBundle: 'Q0E=' },
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
    },
  ],
});
const mutating = (): MutatingWebhookConfiguration => ({
  apiVersion: ADMISSION,
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: 'taskgrant', uid: '4' },
  webhooks: [],
});
const binding = (action = 'Deny'): ValidatingAdmissionPolicyBinding => ({
  apiVersion: ADMISSION,
  kind: 'ValidatingAdmissionPolicyBinding',
  metadata: { name: 'taskgrant-subjects', uid: '2' },
  spec: { policyName: 'taskgrant-subjects', validationActions: [action] },
});
const saying = (text: string): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { ...place, uid: '3' },
  data: { [INSTALLED_KEY]: text },
});
const installed = (...objects: object[]) =>
  saying([mutating(), ...objects].map((object) => `---\n${stringify(object)}`).join(''));

let cluster: ReturnType<typeof aCluster>;
let guards: GuardWatch;
let looks: (readonly Verdict[])[];
let news: [string, string | undefined][];
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  cluster = aCluster();
  [looks, news] = [[], []];
  const [grants, classes] = KINDS.map((kind) => {
    const crd = customResourceDefinition(kind) as CustomResourceDefinition;
    return { ...crd, metadata: { ...crd.metadata, uid: crd.metadata.name ?? '' } };
  });
  if (!grants || !classes) throw new Error('there are two kinds');
  cluster.grantDefinition.put(grants);
  cluster.classDefinition.put(classes);
  cluster.installed.put(installed(webhooks(), binding()));
  cluster.mutating.put(mutating());
  cluster.validating.put(webhooks());
  cluster.policyBindings.put(binding());
  guards = createGuardWatch({
    place,
    webhookConfiguration: 'taskgrant',
    readers: cluster,
    logger: silentLogger,
    now: () => Date.now(),
    onLook: (verdicts) => looks.push(verdicts),
    onNews: (verdict) => news.push([nameOf(verdict), verdict.wrong]),
  });
});

afterEach(() => {
  stop();
  vi.useRealTimers();
});

const watch = () => {
  stop = guards.watch();
};
const aSecondPasses = () => vi.advanceTimersByTime(1000);

describe('while everything is as it was installed', () => {
  test('that is so from the first look on, and before it nobody can say', () => {
    expect(guards.state().proven).toBe(false);
    watch();
    expect(guards.state().proven).toBe(true);
    expect(news).toEqual([]);
    expect(looks.at(-1)?.map(nameOf)).toEqual([
      'ConfigMap taskgrant-installed',
      'MutatingWebhookConfiguration taskgrant',
      'ValidatingWebhookConfiguration taskgrant',
      'ValidatingAdmissionPolicyBinding taskgrant-subjects',
      'CustomResourceDefinition taskgrants.taskgrant.dev',
      'CustomResourceDefinition taskgrantclasses.taskgrant.dev',
    ]);
  });
});

describe('where nobody can say what was installed', () => {
  test.each([
    ['nothing', ''],
    ['no YAML', '{'],
    ['an alias that leads nowhere', 'a: *nowhere'],
    ['something without a name', 'kind: ValidatingAdmissionPolicy'],
    ['a text', 'soon'],
    ['one of the webhook configurations', stringify(webhooks())],
    ['nothing but a policy’s binding', stringify(binding())],
  ])('because it says %s, that is an alarm, and enforcement is in doubt', (_, text) => {
    cluster.installed.put(saying(text));
    watch();
    expect(guards.state().proven).toBe(false);
    expect(news).toEqual([['ConfigMap taskgrant-installed', 'it does not say what was installed']]);
  });
});

describe('while the release is being installed', () => {
  beforeEach(() => {
    const configMap = installed(webhooks(), binding());
    const creationTimestamp = new Date(Date.now()).toISOString();
    cluster.installed.put({ ...configMap, metadata: { ...configMap.metadata, creationTimestamp } });
    cluster.validating.remove('taskgrant');
  });

  test('what has not come yet raises no alarm, and enforcement is in doubt until it is there', () => {
    watch();
    expect(guards.state().proven).toBe(false);
    cluster.validating.put(webhooks());
    aSecondPasses();
    expect(guards.state().proven).toBe(true);
    expect(news).toEqual([]);
  });

  test('what is not as it is being installed raises one', () => {
    cluster.validating.put(webhooks('Ignore'));
    watch();
    expect(news).toHaveLength(1);
  });

  test('what has come and is gone again raises one', () => {
    cluster.validating.put(webhooks());
    watch();
    cluster.validating.remove('taskgrant');
    aSecondPasses();
    expect(news).toEqual([['ValidatingWebhookConfiguration taskgrant', 'it is gone']]);
  });

  test('what has not come after half a minute raises one', () => {
    watch();
    vi.advanceTimersByTime(31_000);
    expect(news).toEqual([['ValidatingWebhookConfiguration taskgrant', 'it is gone']]);
  });
});

describe('an alarm is raised', () => {
  test('once, within a second, where a webhook configuration is changed, and enforcement is in doubt until it is mended', () => {
    watch();
    cluster.validating.put(webhooks('Ignore'));
    aSecondPasses();
    const name = 'ValidatingWebhookConfiguration taskgrant';
    const wrong = 'webhooks[namespaces.taskgrant.dev].failurePolicy is "Ignore", and was installed as "Fail"';
    expect(news).toEqual([[name, wrong]]);
    expect(guards.state()).toEqual({
      proven: false,
      message: `${name} is not as it was installed: ${wrong}`,
    });
    cluster.policyBindings.put(binding());
    aSecondPasses();
    expect(news).toHaveLength(1);
    cluster.validating.put(webhooks());
    aSecondPasses();
    expect(news.at(-1)).toEqual([name, undefined]);
    expect(guards.state().proven).toBe(true);
  });

  test('where a policy of the floor is changed or gone, which leaves enforcement as it is', () => {
    watch();
    cluster.policyBindings.put(binding('Warn'));
    aSecondPasses();
    cluster.policyBindings.remove('taskgrant-subjects');
    aSecondPasses();
    expect(news.map(([, wrong]) => wrong)).toEqual([
      'spec.validationActions[0] is "Warn", and was installed as "Deny"',
      'it is gone, or does not carry the label app.kubernetes.io/part-of=taskgrant any more',
    ]);
    expect(guards.state().proven).toBe(true);
  });

  test('where a CRD is gone', () => {
    watch();
    cluster.grantDefinition.remove('taskgrants.taskgrant.dev');
    aSecondPasses();
    expect(news).toEqual([['CustomResourceDefinition taskgrants.taskgrant.dev', 'it is gone']]);
  });

  test.each([
    [
      'is gone',
      () => {
        cluster.installed.remove(`${place.namespace}/${place.name}`);
      },
    ],
    [
      'says nothing',
      () => {
        cluster.installed.put(saying(''));
      },
    ],
    [
      'says what cannot be read',
      () => {
        cluster.installed.put(saying('a: [b'));
      },
    ],
    [
      'says something else',
      () => {
        cluster.installed.put(saying('kind: Pod'));
      },
    ],
  ])('where what says what was installed %s: unknown is no', (_what, change) => {
    watch();
    change();
    aSecondPasses();
    expect(news).toEqual([['ConfigMap taskgrant-installed', 'it does not say what was installed']]);
    expect(guards.state().proven).toBe(false);
  });

  test('at the first look, where it was so while nobody looked', () => {
    cluster.validating.put(webhooks('Ignore'));
    watch();
    expect(news).toHaveLength(1);
  });
});

describe('an upgrade', () => {
  test('is no alarm while it goes on: its ConfigMap comes first', () => {
    watch();
    cluster.installed.put(installed(webhooks('Ignore'), binding('Warn')));
    aSecondPasses();
    cluster.validating.put(webhooks('Ignore'));
    aSecondPasses();
    cluster.policyBindings.put(binding('Warn'));
    vi.advanceTimersByTime(60_000);
    expect(news).toEqual([]);
  });

  test('that has left something as it was is one, half a minute later', () => {
    watch();
    cluster.installed.put(installed(webhooks('Ignore'), binding()));
    vi.advanceTimersByTime(29_000);
    expect(news).toEqual([]);
    vi.advanceTimersByTime(2000);
    expect(news).toHaveLength(1);
  });

  test('takes what a version does not have any more out of sight', () => {
    watch();
    cluster.policyBindings.put(binding('Warn'));
    aSecondPasses();
    cluster.installed.put(installed(webhooks()));
    vi.advanceTimersByTime(60_000);
    expect(news).toHaveLength(2);
    expect(news.at(-1)).toEqual(['ValidatingAdmissionPolicyBinding taskgrant-subjects', undefined]);
  });
});

test('after it was stopped nothing is looked at any more', () => {
  watch();
  stop();
  cluster.validating.put(webhooks('Ignore'));
  vi.advanceTimersByTime(60_000);
  expect(looks).toHaveLength(1);
});
