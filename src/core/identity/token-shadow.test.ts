import { describe, expect, test } from 'vitest';
import type { Volume } from '../../api/kubernetes.ts';
import {
  aPod,
  withContainer,
  withEphemeralContainer,
  withInitContainer,
  withVolume,
} from '../testing/builders.ts';
import { requestsOf } from '../testing/requests.ts';
import { tokenShadows } from './token-shadow.ts';
import type { ProjectedSource } from './volumes.ts';

const API = '/var/run/secrets/kubernetes.io/serviceaccount';
const OTHER = '/var/run/secrets/taskgrant.dev';
const cache = withVolume({ name: 'cache', emptyDir: {} });
const TOKEN: ProjectedSource = { serviceAccountToken: { path: 'token' } };
const tokens = withVolume({ name: 'tokens', projected: { sources: [TOKEN] } });

describe('a mount where programs look for a token', () => {
  const mounted = (mountPath: string) =>
    requestsOf(aPod(cache, withContainer({ volumeMounts: [{ name: 'cache', mountPath }] })), 'TokenShadow');

  test.each([
    [API],
    [OTHER],
    [`${OTHER}/tools`],
    [`${API}/token`],
    [`${API}/`],
    ['/var/run/secrets/kubernetes.io//serviceaccount'],
    ['//var/run/secrets/./kubernetes.io/serviceaccount/.'],
    ['var/run/secrets/kubernetes.io/serviceaccount'],
    ['/data/../var/run/secrets/taskgrant.dev'],
    ['/../var/run/secrets/taskgrant.dev'],
    ['/run/secrets/kubernetes.io/serviceaccount'],
    ['/run//secrets/taskgrant.dev/tools/'],
    ['run/secrets/taskgrant.dev'],
    ['/var/run/secrets/taskgrant.dev/..'],
    ['/var/run/../var/run/secrets/kubernetes.io/serviceaccount'],
    ['/var/lock/../secrets/kubernetes.io/serviceaccount'],
    ['/var/run/x\\y/../secrets/kubernetes.io/serviceaccount'],
    ['\\x\\..\\var\\run\\secrets\\taskgrant.dev'],
    ['/proc/self/root/var/run/secrets/kubernetes.io/serviceaccount'],
    ['C:\\var\\run\\SECRETS\\kubernetes.io\\serviceaccount'],
  ])('is one, however it is spelled: %s', (mountPath) => {
    expect(mounted(mountPath)).toEqual([
      ['spec.containers[0].volumeMounts[0].mountPath', { at: mountPath, by: 'volume cache' }],
    ]);
  });

  test.each([
    ['/var/run/secrets/kubernetes.io'],
    ['/var/run/secrets'],
    ['/var/run'],
    ['/'],
    [''],
    ['/data'],
    ['/var/run/secrets/kubernetes.io/serviceaccounts'],
    ['/var/run/secrets/taskgrant.development'],
    ['/data/run/secrets/taskgrant.dev'],
    ['/data/../elsewhere'],
    ['/data/process/secrets'],
    ['/procedures/secrets'],
  ])('is none above it, beside it, or where it only looks so: %s', (mountPath) => {
    expect(mounted(mountPath)).toEqual([]);
  });

  test('is one in every kind of container', () => {
    const volumeMounts = [
      { name: 'cache', mountPath: '/data' },
      { name: 'cache', mountPath: API },
    ];
    const pod = aPod(
      cache,
      withInitContainer({ volumeMounts }),
      withContainer({ volumeMounts }),
      withEphemeralContainer({ volumeMounts }),
    );
    expect(requestsOf(pod, 'TokenShadow').map(([path]) => path)).toEqual(
      ['initContainers', 'containers', 'ephemeralContainers'].map(
        (list) => `spec.${list}[0].volumeMounts[1].mountPath`,
      ),
    );
  });

  test('is none of a volume with a token in it, mounted as a whole', () => {
    const asked = (mount: object) =>
      requestsOf(
        aPod(tokens, withContainer({ volumeMounts: [{ name: 'tokens', mountPath: API, ...mount }] })),
        'TokenShadow',
      );
    expect(asked({})).toEqual([]);
    expect(asked({ subPath: '' })).toEqual([]);
    expect(asked({ subPath: 'token' })).toHaveLength(1);
    expect(asked({ subPathExpr: '$(NAME)' })).toHaveLength(1);
  });

  test.each([
    ['the API server’s', API, 'token', 0],
    ['another', `${OTHER}/tools`, './token', 0],
    ['others, each in its folder', OTHER, 'tools/token', 0],
    ['the API server’s, by a name that nobody looks for', API, 'jwt', 1],
    ['another, by a name that nobody looks for', `${OTHER}/tools`, 'tools/token', 1],
    ['others, with no folder', OTHER, 'token', 1],
    ['any, within the API server’s', `${API}/token`, 'token', 1],
    ['others, too deep', OTHER, 'a/tools/token', 1],
    ['others, in a folder of that name', OTHER, 'tools/token/x', 1],
  ])('is one of a token only as programs look for it: %s', (_, mountPath, path, shadows) => {
    const volume = withVolume({
      name: 'v',
      projected: {
        sources: [
          { serviceAccountToken: { path } },
          { configMap: { name: 'a', items: [{ key: 'k', path: 'x' }] } },
        ],
      },
    });
    const pod = aPod(volume, withContainer({ volumeMounts: [{ name: 'v', mountPath }] }));
    expect(requestsOf(pod, 'TokenShadow')).toHaveLength(shadows);
  });

  test.each([
    'C:\\var\\run\\secrets\\kubernetes.io\\serviceaccount',
    '\\var\\run\\secrets\\taskgrant.dev\\tools',
    'c:/var/run/secrets/kubernetes.io/serviceaccount',
  ])('is one on Windows, at %s', (mountPath) => {
    const pod = aPod(
      withVolume({ name: 'v', emptyDir: {} }),
      withContainer({ volumeMounts: [{ name: 'v', mountPath }] }),
    );
    expect(requestsOf(pod, 'TokenShadow')).toHaveLength(1);
  });

  test('is none of others beside one of the API server’s, where any is in its folder', () => {
    const sources = [
      { serviceAccountToken: { path: 'token' } },
      { serviceAccountToken: { path: 'tools/token' } },
    ];
    const volume = withVolume({ name: 'v', projected: { sources } });
    const pod = aPod(volume, withContainer({ volumeMounts: [{ name: 'v', mountPath: OTHER }] }));
    expect(requestsOf(pod, 'TokenShadow')).toEqual([]);
  });

  test('is one of another’s token beside one of the pod’s', () => {
    const forged = { configMap: { name: 'a', items: [{ key: 'k', path: 'token' }] } };
    const volume = withVolume({
      name: 'v',
      projected: { sources: [{ serviceAccountToken: { path: 'hidden' } }, forged] },
    });
    const pod = aPod(volume, withContainer({ volumeMounts: [{ name: 'v', mountPath: API }] }));
    expect(requestsOf(pod, 'TokenShadow')).toHaveLength(1);
  });

  test('is one of a volume that is not there, or that holds no token', () => {
    const empty = withVolume({ name: 'empty', projected: { sources: [{ configMap: { name: 'a' } }] } });
    const bare = withVolume({ name: 'bare', projected: {} });
    for (const name of ['empty', 'bare', 'nowhere', '__proto__']) {
      const pod = aPod(empty, bare, withContainer({ volumeMounts: [{ name, mountPath: API }] }));
      expect(requestsOf(pod, 'TokenShadow')).toMatchObject([[expect.any(String), { by: `volume ${name}` }]]);
    }
  });

  test('is none where it has no path', () => {
    const volumeMounts = [{ name: 'cache' } as { name: string; mountPath: string }];
    expect(requestsOf(aPod(cache, withContainer({ volumeMounts })), 'TokenShadow')).toEqual([]);
  });
});

test('a device can stand there as well', () => {
  const volumeDevices = [
    { name: 'disk', devicePath: '/dev/xvda' },
    { name: 'disk', devicePath: `${API}/token` },
  ];
  expect(requestsOf(aPod(withContainer({ volumeDevices })), 'TokenShadow')).toEqual([
    ['spec.containers[0].volumeDevices[1].devicePath', { at: `${API}/token`, by: 'a device' }],
  ]);
});

test('the termination message is a file that is mounted as well, in every kind of container', () => {
  const there = { terminationMessagePath: '/run/secrets/kubernetes.io/serviceaccount/token' };
  const pod = aPod(
    withInitContainer({ terminationMessagePath: '/dev/termination-log' }),
    withInitContainer(there),
    withContainer(there),
    withEphemeralContainer(there),
  );
  expect(requestsOf(pod, 'TokenShadow')).toEqual(
    ['initContainers[1]', 'containers[0]', 'ephemeralContainers[0]'].map((container) => [
      `spec.${container}.terminationMessagePath`,
      { at: there.terminationMessagePath, by: 'the termination message' },
    ]),
  );
});

test('what a volume’s tokens are called is looked at once, however often it is mounted', () => {
  let looked = 0;
  const source: ProjectedSource = {
    serviceAccountToken: {
      get path() {
        looked++;
        return 'token';
      },
    },
  };
  const asked = (mounts: number) => {
    looked = 0;
    const volumeMounts = Array.from({ length: mounts }, (_, index) => ({
      name: 'tokens',
      mountPath: `${OTHER}/${index}`,
    }));
    const volume = withVolume({
      name: 'tokens',
      projected: { sources: [source, { configMap: { name: 'a', items: [] } }] },
    });
    const pod = aPod(volume, withContainer({ volumeMounts }));
    expect(
      [...tokenShadows(pod.spec ?? { containers: [] })].every(({ path }) => path.includes('sources')),
    ).toBe(true);
    return looked;
  };
  expect(asked(100)).toBe(asked(1));
});

describe('of two sources of a volume that write one file', () => {
  const collides = (...sources: NonNullable<NonNullable<Volume['projected']>['sources']>) =>
    requestsOf(aPod(withVolume({ projected: { sources } })), 'TokenShadow');
  const items = [{ key: 'k', path: 'token' }];
  const podCertificate = { signerName: 'a/b', keyType: 'ED25519' };

  test.each<[string, ProjectedSource]>([
    ['a ConfigMap', { configMap: { name: 'a', items } }],
    ['a Secret', { secret: { name: 'a', items } }],
    ['a ConfigMap with any keys', { configMap: { name: 'a' } }],
    ['a Secret with any keys', { secret: { name: 'a' } }],
    ['a Secret that lists none of them, which are all', { secret: { name: 'a', items: [] } }],
    ['the downward API', { downwardAPI: { items: [{ path: 'token' }] } }],
    ['a trust bundle', { clusterTrustBundle: { path: 'token' } }],
    ['a certificate', { podCertificate: { ...podCertificate, credentialBundlePath: 'token' } }],
    ['a certificate’s key', { podCertificate: { ...podCertificate, keyPath: 'token' } }],
    ['a certificate’s chain', { podCertificate: { ...podCertificate, certificateChainPath: 'token' } }],
    ['another token', { serviceAccountToken: { path: 'token', audience: 'other' } }],
    ['another spelling', { downwardAPI: { items: [{ path: './/token' }] } }],
  ])('the later is the one that is found, and stands in for the token: %s', (_, later) => {
    expect(collides(TOKEN, later)).toMatchObject([
      ['spec.volumes[0].projected.sources[1]', { by: 'a later source of the same volume' }],
    ]);
    if (!later.serviceAccountToken) expect(collides(later, TOKEN)).toEqual([]);
  });

  test.each<[string, ProjectedSource]>([
    ['a ConfigMap', { configMap: { name: 'a', items: [{ key: 'k', path: 'ca.crt' }] } }],
    ['the downward API', { downwardAPI: { items: [{ path: 'namespace' }] } }],
    ['the downward API with no files', { downwardAPI: {} }],
    ['a trust bundle', { clusterTrustBundle: { path: 'ca.crt' } }],
    ['a certificate', { podCertificate: { ...podCertificate, credentialBundlePath: 'tokens' } }],
    ['nothing', {}],
  ])('neither is the other’s where they are of different names: %s', (_, later) => {
    expect(collides(TOKEN, later)).toEqual([]);
  });

  test('there are none without a token', () => {
    expect(collides({ secret: { name: 'a' } }, { configMap: { name: 'b' } })).toEqual([]);
  });
});
