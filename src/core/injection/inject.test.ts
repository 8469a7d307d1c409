import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Container, Pod, Volume } from '../../api/kubernetes.ts';
import {
  aGrant,
  anAuthoredPod,
  GRANT_ACCOUNT,
  IMAGE,
  NOW,
  withContainer,
  withEnvelope,
  withGrantedTokens,
  withGrantSpec,
  withInitContainer,
  withSpec,
  withToken,
  withVolume,
  type Change,
} from '../testing/builders.ts';
import { API_AUDIENCE, judge } from '../testing/judging.ts';
import { inject, type InjectionFacts } from './inject.ts';

const API_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const tools = { name: 'tools', audience: 'https://tools.example', expirationSeconds: 900 };

const injected = (pod: Pod, facts: Partial<InjectionFacts> = {}) =>
  inject(pod, { grant: aGrant(), defaultPullSecrets: [], apiAudiences: [API_AUDIENCE], now: NOW, ...facts });
const specAfter = (pod: Pod, facts: Partial<InjectionFacts> = {}) => {
  const { spec } = injected(pod, facts).pod;
  if (!spec) throw new TypeError('injection keeps the spec');
  return spec;
};

/** As the API server's own plugin leaves a pod of the `default` account (TokenVolumeSource). */
const builtInVolume = (name: string): Volume => ({
  name,
  projected: {
    defaultMode: 420,
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
  },
});
const mountOf = (name: string) => ({ name, readOnly: true, mountPath: API_PATH });
const withBuiltInToken: Change<Pod> = (pod) => {
  const mounting = (container: Container): Container => ({
    ...container,
    volumeMounts: [...(container.volumeMounts ?? []), mountOf('kube-api-access-x7k2q')],
  });
  return withSpec({
    serviceAccountName: 'default',
    serviceAccount: 'default',
    volumes: [...(pod.spec?.volumes ?? []), builtInVolume('kube-api-access-x7k2q')],
    ...(pod.spec?.initContainers && { initContainers: pod.spec.initContainers.map(mounting) }),
    containers: (pod.spec?.containers ?? []).map(mounting),
  })(pod);
};

test('a pod with nothing but the label gets account, token and deadline, and is within its envelope', () => {
  const { pod, warnings } = injected(anAuthoredPod(withBuiltInToken));
  expect(pod.spec).toEqual({
    serviceAccountName: GRANT_ACCOUNT,
    serviceAccount: GRANT_ACCOUNT,
    automountServiceAccountToken: false,
    activeDeadlineSeconds: 1770,
    containers: [
      {
        name: 'main',
        image: IMAGE,
        volumeMounts: [{ name: 'taskgrant-api', mountPath: API_PATH, readOnly: true }],
      },
    ],
    volumes: [
      {
        name: 'taskgrant-api',
        projected: {
          sources: [
            { serviceAccountToken: { expirationSeconds: 600, path: 'token' } },
            { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
            {
              downwardAPI: {
                items: [
                  { path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } },
                ],
              },
            },
          ],
        },
      },
    ],
  });
  expect(warnings).toEqual([]);
  expect(judge(pod)).toEqual([]);
});

describe('the account', () => {
  test('is filled in where it is default or left out', () => {
    expect(specAfter(anAuthoredPod())).toMatchObject({ serviceAccountName: GRANT_ACCOUNT });
    expect(specAfter(anAuthoredPod(withSpec({ serviceAccount: 'default' })))).toMatchObject({
      serviceAccount: GRANT_ACCOUNT,
    });
  });

  test('that the author named stays, to be refused', () => {
    const spec = specAfter(
      anAuthoredPod(withSpec({ serviceAccountName: 'builder', serviceAccount: 'builder' })),
    );
    expect(spec).toMatchObject({ serviceAccountName: 'builder', serviceAccount: 'builder' });
  });

  test('that the author named in the deprecated field alone stays, too', () => {
    const spec = specAfter(
      anAuthoredPod(withSpec({ serviceAccountName: 'default', serviceAccount: 'builder' })),
    );
    expect(spec).toMatchObject({ serviceAccountName: 'default', serviceAccount: 'builder' });
  });

  test('is mounted by default only where the author insists, to be refused', () => {
    expect(specAfter(anAuthoredPod(withSpec({ automountServiceAccountToken: true })))).toMatchObject({
      automountServiceAccountToken: true,
    });
  });
});

describe('the default token', () => {
  test('is taken out of every container, and the author’s own volumes and mounts stay', () => {
    const mine = { name: 'work', mountPath: '/work' };
    const spec = specAfter(
      anAuthoredPod(
        withVolume({ name: 'work', emptyDir: {} }),
        withContainer({ volumeMounts: [mine] }),
        withInitContainer(),
        withBuiltInToken,
      ),
      { grant: aGrant(withEnvelope({ tokens: [] })) },
    );
    expect(spec.volumes).toEqual([{ name: 'work', emptyDir: {} }]);
    expect(spec.containers[0]?.volumeMounts).toEqual([mine]);
    expect(spec.initContainers).toEqual([{ name: 'init', image: IMAGE }]);
  });

  test('leaves no empty lists behind', () => {
    const spec = specAfter(anAuthoredPod(withBuiltInToken), { grant: aGrant(withEnvelope({ tokens: [] })) });
    expect(spec).not.toHaveProperty('volumes');
    expect(spec.containers[0]).not.toHaveProperty('volumeMounts');
  });

  const main = (mounts: Container['volumeMounts']) => withContainer(mounts ? { volumeMounts: mounts } : {});
  test.each([
    ['a name that the plugin would not give', builtInVolume('kube-api-access-mine'), 'kube-api-access-mine'],
    [
      'other contents',
      { ...builtInVolume('kube-api-access-x7k2q'), projected: { sources: [] } },
      'kube-api-access-x7k2q',
    ],
  ])('is the author’s own with %s, and stays', (_, volume, name) => {
    const spec = specAfter(anAuthoredPod(withSpec({ volumes: [volume] }), main([mountOf(name)])));
    expect(spec.volumes).toEqual([volume]);
    expect(spec.containers[0]?.volumeMounts).toEqual([mountOf(name)]);
  });

  test('is the author’s own where he mounts it elsewhere, and stays', () => {
    const elsewhere = { name: 'kube-api-access-x7k2q', mountPath: '/elsewhere' };
    const spec = specAfter(anAuthoredPod(withContainer({ volumeMounts: [elsewhere] }), withBuiltInToken));
    expect(spec.volumes?.[0]?.name).toBe('kube-api-access-x7k2q');
    expect(spec.containers[0]?.volumeMounts).toContainEqual(elsewhere);
  });
});

describe('pull secrets', () => {
  const pulling = (...names: string[]) =>
    anAuthoredPod(withSpec({ imagePullSecrets: names.map((name) => ({ name })) }));

  test('that were copied from the default account are taken out', () => {
    expect(specAfter(pulling('a', 'b'), { defaultPullSecrets: ['a', 'b'] })).not.toHaveProperty(
      'imagePullSecrets',
    );
  });

  test('of the envelope stay, whoever wrote them', () => {
    const grant = aGrant(withEnvelope({ secrets: ['b'] }));
    expect(specAfter(pulling('a', 'b'), { defaultPullSecrets: ['a', 'b'], grant }).imagePullSecrets).toEqual([
      { name: 'b' },
    ]);
  });

  test('that are not exactly the default account’s are the author’s, and stay to be judged', () => {
    for (const defaultPullSecrets of [[], ['a'], ['b', 'a']]) {
      expect(specAfter(pulling('a', 'b'), { defaultPullSecrets }).imagePullSecrets).toHaveLength(2);
    }
  });

  test('of a pod with an account of its own were not copied from the default one', () => {
    const pod = withSpec({ serviceAccountName: 'builder', serviceAccount: 'builder' })(pulling('a'));
    expect(specAfter(pod, { defaultPullSecrets: ['a'] }).imagePullSecrets).toEqual([{ name: 'a' }]);
  });
});

describe('tokens', () => {
  const grant = aGrant(withGrantedTokens({ name: 'api', expirationSeconds: 600 }, tools));

  test('for other audiences stand under their names', () => {
    const spec = specAfter(anAuthoredPod(), { grant });
    expect(spec.volumes?.[1]).toEqual({
      name: 'taskgrant-tools',
      projected: {
        sources: [
          {
            serviceAccountToken: { audience: 'https://tools.example', expirationSeconds: 900, path: 'token' },
          },
        ],
      },
    });
    expect(spec.containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath)).toEqual([
      API_PATH,
      '/var/run/secrets/taskgrant.dev/tools',
    ]);
  });

  test('for the API server, its audience written out, stand where clients look', () => {
    const written = aGrant(
      withGrantedTokens({ name: 'own', audience: API_AUDIENCE, expirationSeconds: 600 }),
    );
    const spec = specAfter(anAuthoredPod(), { grant: written });
    expect(spec.containers[0]?.volumeMounts).toEqual([
      { name: 'taskgrant-api', mountPath: API_PATH, readOnly: true },
    ]);
    expect(spec.volumes?.[0]?.projected?.sources?.[0]).toEqual({
      serviceAccountToken: { expirationSeconds: 600, path: 'token' },
    });
  });

  test('are mounted in init containers and sidecars too', () => {
    const spec = specAfter(anAuthoredPod(withInitContainer(), withInitContainer({ name: 'sidecar' })), {
      grant,
    });
    for (const container of spec.initContainers ?? []) expect(container.volumeMounts).toHaveLength(2);
  });

  test('are not mounted over what the author has there', () => {
    const own = { name: 'volume-0', mountPath: `${API_PATH}/` };
    const spec = specAfter(
      anAuthoredPod(withToken({ expirationSeconds: 600 }), withContainer({ volumeMounts: [own] })),
    );
    expect(spec.volumes).toHaveLength(1);
    expect(spec.containers[0]?.volumeMounts).toEqual([own]);
  });

  test('are not mounted over it, whatever number of slashes it ends with, and are beside what has something behind them', () => {
    // Nothing has validated these yet. Read again from each slash, they would take days.
    const slashes = '/'.repeat(3_000_000);
    const mountedAt = (mountPath: string) =>
      specAfter(
        anAuthoredPod(
          withVolume({ name: 'work', emptyDir: {} }),
          withContainer({ volumeMounts: [{ name: 'work', mountPath }] }),
        ),
      ).containers[0]?.volumeMounts?.length;
    expect(mountedAt(API_PATH + slashes)).toBe(1);
    expect(mountedAt(`${API_PATH}${slashes}x`)).toBe(2);
    expect(mountedAt(`${slashes}x`)).toBe(2);
    expect(mountedAt(`${API_PATH}x`)).toBe(2);
  });

  test('are mounted where only another container has something there', () => {
    const own = { name: 'volume-0', mountPath: API_PATH };
    const spec = specAfter(
      anAuthoredPod(
        withToken({ expirationSeconds: 600 }),
        withContainer({ volumeMounts: [own] }),
        withInitContainer(),
      ),
    );
    expect(spec.containers[0]?.volumeMounts).toEqual([own]);
    expect(spec.initContainers?.[0]?.volumeMounts).toEqual([
      { name: 'taskgrant-api', mountPath: API_PATH, readOnly: true },
    ]);
  });

  test('get the next name where the author has theirs', () => {
    const spec = specAfter(
      anAuthoredPod(
        withVolume({ name: 'taskgrant-api', emptyDir: {} }),
        withVolume({ name: 'taskgrant-api-2', emptyDir: {} }),
      ),
    );
    expect(spec.volumes?.[2]?.name).toBe('taskgrant-api-3');
  });

  test('with the longest names get volumes whose names fit', () => {
    const long = { ...tools, name: `${'a'.repeat(52)}-${'b'.repeat(10)}` };
    const spec = specAfter(anAuthoredPod(), { grant: aGrant(withGrantedTokens(long)) });
    expect(spec.volumes?.[0]?.name).toBe(`taskgrant-${'a'.repeat(52)}`);
    expect(spec.containers[0]?.volumeMounts?.[0]?.mountPath).toBe(
      `/var/run/secrets/taskgrant.dev/${long.name}`,
    );
  });
});

describe('the deadline', () => {
  const half = Date.parse('2026-11-23T09:15:00.500Z');

  test('is the grant’s end, to the second before', () => {
    expect(specAfter(anAuthoredPod(), { now: half }).activeDeadlineSeconds).toBe(899);
  });

  test('of the author stays where it is sooner', () => {
    const pod = anAuthoredPod(withSpec({ activeDeadlineSeconds: 60 }));
    expect(specAfter(pod).activeDeadlineSeconds).toBe(60);
    expect(injected(pod).warnings).toEqual([]);
  });

  test('of the author is shortened where it is later, and he is told', () => {
    const pod = anAuthoredPod(withSpec({ activeDeadlineSeconds: 86_400 }));
    expect(specAfter(pod, { now: half }).activeDeadlineSeconds).toBe(899);
    const [warning = ''] = injected(pod, { now: half }).warnings;
    expect(warning).toBe('spec.activeDeadlineSeconds: shortened from 86400 to 899, when the TaskGrant ends');
    expect(warning.length).toBeLessThanOrEqual(120);
  });

  test('that this very injection has set is shortened without a word when it is called again', () => {
    const once = injected(anAuthoredPod()).pod;
    const again = injected(once, { now: NOW + 8_000 });
    expect(again.pod.spec?.activeDeadlineSeconds).toBe(1762);
    expect(again.warnings).toEqual([]);
  });

  test('is never below a second, which the API server would refuse', () => {
    expect(specAfter(anAuthoredPod(), { now: NOW + 86_400_000 }).activeDeadlineSeconds).toBe(1);
  });

  test('is not set where the grant leaves its pods running', () => {
    const grant = aGrant(withGrantSpec({ completion: { succeeded: 1, podsRunning: 'Leave' } }));
    expect(specAfter(anAuthoredPod(), { grant })).not.toHaveProperty('activeDeadlineSeconds');
  });
});

describe('injection', () => {
  const grants = fc
    .uniqueArray(fc.constantFrom('a', 'b', 'c'))
    .chain((audiences) =>
      fc
        .boolean()
        .map((api) =>
          aGrant(
            withGrantedTokens(
              ...(api ? [{ name: 'api', expirationSeconds: 600 }] : []),
              ...audiences.map((audience) => ({ name: `t-${audience}`, audience, expirationSeconds: 3600 })),
            ),
          ),
        ),
    );
  const pods = fc
    .array(
      fc.constantFrom<Change<Pod>>(
        withInitContainer(),
        withVolume({ emptyDir: {} }),
        withToken({ audience: 'a', expirationSeconds: 600 }),
        withContainer({ volumeMounts: [{ name: 'volume-0', mountPath: API_PATH }] }),
        withSpec({ activeDeadlineSeconds: 100 }),
      ),
    )
    .map((changes) => anAuthoredPod(...changes));

  test('of its own result changes nothing', () => {
    fc.assert(
      fc.property(pods, grants, fc.boolean(), (pod, grant, builtIn) => {
        const once = injected(builtIn ? withBuiltInToken(pod) : pod, { grant }).pod;
        expect(injected(once, { grant })).toEqual({ pod: once, warnings: [] });
      }),
    );
  });

  test('appends, so that the author’s paths stay', () => {
    fc.assert(
      fc.property(pods, grants, (pod, grant) => {
        const after = specAfter(withBuiltInToken(pod), { grant });
        const volumes = pod.spec?.volumes ?? [];
        expect(after.volumes?.slice(0, volumes.length) ?? []).toEqual(volumes);
        for (const [index, { volumeMounts = [] }] of (pod.spec?.containers ?? []).entries()) {
          expect(after.containers[index]?.volumeMounts?.slice(0, volumeMounts.length) ?? []).toEqual(
            volumeMounts,
          );
        }
      }),
    );
  });

  test('asks for nothing beyond the envelope', () => {
    fc.assert(
      fc.property(grants, (grant) => {
        expect(
          judge(injected(anAuthoredPod(withBuiltInToken, withInitContainer()), { grant }).pod, grant),
        ).toEqual([]);
      }),
    );
  });

  test('leaves a pod without a spec alone', () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: {} };
    expect(injected(pod)).toEqual({ pod, warnings: [] });
  });
});
