import { describe, expect, test } from 'vitest';
import type { Pod, PodSpec } from '../../api/kubernetes.ts';
import type { Surroundings } from '../identity/surroundings.ts';
import {
  anAuthoredPod,
  withAnnotation,
  withContainer,
  withEphemeralContainer,
  withInitContainer,
  withoutLabels,
  withSecretEnv,
  withSpec,
  withToken,
  withVolume,
  type Change,
} from '../testing/builders.ts';
import { aContext, judge } from '../testing/judging.ts';
import { defaultAccountOf, type DefaultAccount } from './required.ts';

const ACCOUNT: DefaultAccount = { automounts: true, pullSecrets: ['registry'] };
const NO_TOKEN = withSpec({ automountServiceAccountToken: false });

/** As a pod without a grant, in a namespace whose level is required. */
const judged = (
  change: Change<Pod>,
  {
    account = ACCOUNT,
    surroundings = {},
  }: { account?: DefaultAccount; surroundings?: Partial<Surroundings> } = {},
) =>
  judge(anAuthoredPod(withoutLabels, NO_TOKEN, change), 'no grant', {
    required: account,
    identity: aContext(surroundings),
  });
const nothing: Change<Pod> = (pod) => pod;

test('a pod with no identity needs no grant', () => {
  expect(judged(nothing)).toEqual([]);
  expect(judged(withSpec({ serviceAccountName: 'default', serviceAccount: 'default' }))).toEqual([]);
});

describe('a pod needs a grant for', () => {
  const claim = withVolume({ persistentVolumeClaim: { claimName: 'data' } });
  const csi = withVolume({ csi: { driver: 'csi.example' } });
  const driverTokens = new Map([['csi.example', [{ audience: 'vault' }]]]);
  const unheardOf: object = { telepathy: {} };
  const podCertificate = { signerName: 'example.com/a', keyType: 'ED25519' };

  test.each<[string, Change<Pod>, Partial<Surroundings>, string[]]>([
    ['an inline driver, which knows the pod', csi, {}, ['inline driver csi.example']],
    ['another account', withSpec({ serviceAccountName: 'builder' }), {}, ['service account builder']],
    [
      'its account’s deprecated name',
      withSpec({ serviceAccount: 'builder' }),
      {},
      ['service account builder'],
    ],
    ['a projected token', withToken({ audience: 'vault' }), {}, ['a token for vault']],
    ['a token for the API server', withToken({}), {}, ['a token for the API server']],
    ['a Secret', withSecretEnv('db'), {}, ['Secret db']],
    ['a Secret that its account pulls with', withSecretEnv('registry'), {}, ['Secret registry']],
    ['a Secret for pulling', withSpec({ imagePullSecrets: [{ name: 'other' }] }), {}, ['Secret other']],
    [
      'a certificate',
      withVolume({ projected: { sources: [{ podCertificate }] } }),
      {},
      ['a certificate of example.com/a'],
    ],
    [
      'a driver that is handed tokens',
      csi,
      { driverTokens },
      ['driver csi.example, which is handed tokens', 'a token for driver csi.example'],
    ],
    [
      'another system’s identity',
      withAnnotation('iam.amazonaws.com/role', 'x'),
      {},
      ['an identity of kube2iam and kiam'],
    ],
    [
      'what is on its account',
      nothing,
      { accountAnnotations: { 'eks.amazonaws.com/role-arn': 'x' } },
      ['an identity of EKS IAM roles for service accounts'],
    ],
    ['its node', withSpec({ hostNetwork: true }), {}, ['of its node: true']],
    ['a path of its node', withVolume({ hostPath: { path: '/x' } }), {}, ['of its node: /x']],
    ['what cannot be told', claim, {}, ['claim data: it was not looked up']],
    ['what is not known', withVolume(unheardOf), {}, ['telepathy']],
  ])('%s', (_, change, surroundings, asked) => {
    const violations = judged(change, { surroundings });
    expect(violations.map((violation) => violation.asked)).toEqual(asked);
    for (const violation of violations) {
      expect(violation).toMatchObject({ code: 'GrantRequired', allowed: 'no identity' });
    }
  });
});

describe('a pod needs no grant for', () => {
  const claim = withVolume({ persistentVolumeClaim: { claimName: 'data' } });
  test.each<[string, Change<Pod>, Partial<Surroundings>]>([
    ['any image', withInitContainer({ image: 'anything' }), {}],
    ['processes in common', withSpec({ shareProcessNamespace: true }), {}],
    ['a debugger', withEphemeralContainer(), {}],
    [
      'a trust bundle',
      withVolume({ projected: { sources: [{ clusterTrustBundle: { path: 'a', name: 'a' } }] } }),
      {},
    ],
    ['a device', withContainer({ resources: { limits: { 'example.com/gpu': '1' } } }), {}],
    ['what its account pulls with', withSpec({ imagePullSecrets: [{ name: 'registry' }] }), {}],
    ['storage', claim, { backings: new Map([['spec.volumes[0]', [{ driver: 'csi.example' }]]]) }],
    [
      'a mount where a token would be',
      withContainer({ volumeMounts: [{ name: 'a', mountPath: '/run/secrets/taskgrant.dev' }] }),
      {},
    ],
  ])('%s', (_, change, surroundings) => {
    expect(judged(change, { surroundings })).toEqual([]);
  });
});

describe('the token that is mounted by default', () => {
  const asked = (automountServiceAccountToken: boolean | undefined, automounts: boolean) => {
    const pod = anAuthoredPod(withoutLabels);
    const spec = automountServiceAccountToken === undefined ? {} : { automountServiceAccountToken };
    return judge(withSpec(spec)(pod), 'no grant', { required: { automounts, pullSecrets: [] } });
  };

  test('is one where the pod wants it, or its account does and it says nothing', () => {
    for (const violations of [asked(true, true), asked(true, false), asked(undefined, true)]) {
      expect(violations).toEqual([
        {
          code: 'GrantRequired',
          path: 'spec.automountServiceAccountToken',
          asked: 'the token that is mounted by default',
          allowed: 'no identity',
          fix: 'label the pod with its grant, or set automountServiceAccountToken: false and drop projected tokens',
        },
      ]);
    }
  });

  test('is none where the pod does not want it, or says nothing and nor does its account', () => {
    for (const violations of [asked(false, true), asked(false, false), asked(undefined, false)]) {
      expect(violations).toEqual([]);
    }
  });
});

test('a grant’s account without its label is said once, as what it is', () => {
  const violations = judged(withSpec({ serviceAccountName: 'taskgrant-a-x', hostPID: true }));
  expect(violations).toMatchObject([
    { code: 'GrantLabelMissing', path: 'spec.serviceAccountName' },
    { code: 'GrantRequired', path: 'spec.hostPID' },
  ]);
});

test('the token that is mounted by default is said once, also where it has been mounted already', () => {
  const mounted = withToken({ path: 'token', expirationSeconds: 3607 });
  const pod = anAuthoredPod(withoutLabels, mounted);
  const found = (spec: Partial<PodSpec>) =>
    judge(withSpec(spec)(pod), 'no grant', { required: { automounts: true, pullSecrets: [] } }).map(
      ({ path }) => path,
    );
  expect(found({})).toEqual(['spec.automountServiceAccountToken']);
  // Then somebody has written it.
  expect(found({ automountServiceAccountToken: false })).toEqual([
    'spec.volumes[0].projected.sources[0].serviceAccountToken',
  ]);
});

test('what no grant can hold is not said to need one', () => {
  const fixes = judged(withSpec({ hostPID: true })).map(({ fix }) => fix);
  expect(fixes).toEqual(['drop this: with a grant it would be refused as well']);
  expect(judged(withSecretEnv('db')).map(({ fix }) => fix)).toEqual([
    'label the pod with its grant, and name it in the grant’s envelope; or drop this',
  ]);
});

describe('the default account', () => {
  const account = (more: object) =>
    defaultAccountOf({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: {}, ...more });

  test('mounts its token where it says nothing, and where it is not there yet', () => {
    expect(defaultAccountOf(undefined)).toEqual({ automounts: true, pullSecrets: [] });
    expect(account({})).toEqual({ automounts: true, pullSecrets: [] });
    expect(account({ automountServiceAccountToken: false }).automounts).toBe(false);
  });

  test('pulls with the Secrets that it names', () => {
    expect(account({ imagePullSecrets: [{ name: 'a' }, {}, { name: 'b' }] }).pullSecrets).toEqual(['a', 'b']);
  });
});

test('each name of the account is read once, however many Secrets the pod pulls with', () => {
  const names = Array.from({ length: 1000 }, (_, index) => `of-account-${index}`);
  let reads = 0;
  const pullSecrets = new Proxy(names, {
    get: (target, key) => {
      reads++;
      return Reflect.get(target, key) as unknown;
    },
  });
  const imagePullSecrets = [...names.slice(900), 'other'].map((name) => ({ name }));
  const found = judged(withSpec({ imagePullSecrets }), { account: { automounts: true, pullSecrets } });
  expect(found.map(({ asked }) => asked)).toEqual(['Secret other']);
  expect(reads).toBeLessThan(3 * names.length);
});
