import { describe, expect, test } from 'vitest';
import type { Pod } from '../../api/kubernetes.ts';
import {
  anAuthoredPod,
  aPod,
  GRANT_ACCOUNT,
  IMAGE,
  withContainer,
  withEphemeralContainer,
  withInitContainer,
  withSecretEnv,
  withSpec,
  withToken,
  withVolume,
} from '../testing/builders.ts';
import { aContext } from '../testing/judging.ts';
import * as collected from './identity-requests.ts';
import { readPod } from './reading.ts';
import { POD_SCHEMA_VERSION } from './pod-schema.ts';
import type { RequestKind } from './request.ts';

const identityRequestsOf = (pod: Pod) => collected.identityRequestsOf(readPod(pod), aContext());
const addedRequests = (before: Pod, after: Pod) =>
  collected.requestChange(readPod(before), readPod(after), aContext().externalKeys).added;

const requestsOf = (pod: Pod, ...kinds: RequestKind[]) =>
  identityRequestsOf(pod)
    .filter(({ kind }) => kinds.includes(kind))
    .map(({ value, path }) => [path, value]);

test('a pod always asks for an account, for or against automounting, and for its images', () => {
  expect(identityRequestsOf(aPod())).toEqual([
    { kind: 'ServiceAccount', value: GRANT_ACCOUNT, path: 'spec.serviceAccountName' },
    { kind: 'Automount', value: false, path: 'spec.automountServiceAccountToken' },
    { kind: 'Image', value: IMAGE, path: 'spec.containers[0].image' },
  ]);
});

test('a pod without a spec asks for nothing', () => {
  expect(identityRequestsOf({ apiVersion: 'v1', kind: 'Pod', metadata: {} })).toEqual([]);
});

describe('the service account', () => {
  test('is default, and automounting undecided, where the author says nothing', () => {
    expect(requestsOf(anAuthoredPod(), 'ServiceAccount', 'Automount')).toEqual([
      ['spec.serviceAccountName', 'default'],
      ['spec.automountServiceAccountToken', undefined],
    ]);
  });

  test('is found in its deprecated field alone', () => {
    expect(requestsOf(anAuthoredPod(withSpec({ serviceAccount: 'builder' })), 'ServiceAccount')).toEqual([
      ['spec.serviceAccount', 'builder'],
    ]);
  });

  test('is found in both fields where they differ', () => {
    const pod = anAuthoredPod(withSpec({ serviceAccountName: 'a', serviceAccount: 'b' }));
    expect(requestsOf(pod, 'ServiceAccount')).toEqual([
      ['spec.serviceAccountName', 'a'],
      ['spec.serviceAccount', 'b'],
    ]);
  });
});

describe('projected tokens', () => {
  test('have an audience, a lifetime and a file', () => {
    const pod = aPod(withToken({ audience: 'https://tools.example', expirationSeconds: 900, path: 'tools' }));
    expect(requestsOf(pod, 'Token')).toEqual([
      [
        'spec.volumes[0].projected.sources[0].serviceAccountToken',
        { audience: 'https://tools.example', expirationSeconds: 900, file: 'tools' },
      ],
    ]);
  });

  test('live for an hour where the source says nothing, and an empty audience is none', () => {
    expect(requestsOf(aPod(withToken({ audience: '' })), 'Token')).toEqual([
      [
        'spec.volumes[0].projected.sources[0].serviceAccountToken',
        { audience: undefined, expirationSeconds: 3600, file: 'token' },
      ],
    ]);
  });

  test('are each found where several sources share a volume', () => {
    const source = (path: string) => ({ serviceAccountToken: { path } });
    const pod = aPod(
      withVolume({ emptyDir: {} }),
      withVolume({ projected: { sources: [{ configMap: { name: 'a' } }, source('b'), source('c')] } }),
    );
    expect(requestsOf(pod, 'Token').map(([path]) => path)).toEqual([
      'spec.volumes[1].projected.sources[1].serviceAccountToken',
      'spec.volumes[1].projected.sources[2].serviceAccountToken',
    ]);
  });
});

describe('Secrets are found', () => {
  const env = (name: string) => [
    { name: 'X', valueFrom: { secretKeyRef: { name, key: 'k', optional: true } } },
  ];

  test('in the environment of every kind of container', () => {
    const pod = aPod(
      withInitContainer({ env: env('init') }),
      withInitContainer({ name: 'sidecar', restartPolicy: 'Always', env: env('sidecar') }),
      withContainer({ env: [{ name: 'PLAIN', value: 'x' }, ...env('main')] }),
      withEphemeralContainer({ env: env('debugger') }),
    );
    expect(requestsOf(pod, 'Secret')).toEqual([
      ['spec.initContainers[0].env[0].valueFrom.secretKeyRef.name', 'init'],
      ['spec.initContainers[1].env[0].valueFrom.secretKeyRef.name', 'sidecar'],
      ['spec.containers[0].env[1].valueFrom.secretKeyRef.name', 'main'],
      ['spec.ephemeralContainers[0].env[0].valueFrom.secretKeyRef.name', 'debugger'],
    ]);
  });

  test('in envFrom', () => {
    const envFrom = [
      { configMapRef: { name: 'a' } },
      { prefix: 'P_', secretRef: { name: 'all', optional: true } },
    ];
    expect(requestsOf(aPod(withContainer({ envFrom })), 'Secret')).toEqual([
      ['spec.containers[0].envFrom[1].secretRef.name', 'all'],
    ]);
  });

  test('in volumes, projected ones too', () => {
    const pod = aPod(
      withVolume({ secret: { secretName: 'plain' } }),
      withVolume({ projected: { sources: [{ downwardAPI: {} }, { secret: { name: 'projected' } }] } }),
    );
    expect(requestsOf(pod, 'Secret')).toEqual([
      ['spec.volumes[0].secret.secretName', 'plain'],
      ['spec.volumes[1].projected.sources[1].secret.name', 'projected'],
    ]);
  });

  test('for a storage driver', () => {
    const csi = { driver: 'csi.example', nodePublishSecretRef: { name: 'driver' } };
    expect(requestsOf(aPod(withVolume({ csi })), 'Secret')).toEqual([
      ['spec.volumes[0].csi.nodePublishSecretRef.name', 'driver'],
    ]);
  });

  test('for pulling images', () => {
    expect(requestsOf(aPod(withSpec({ imagePullSecrets: [{ name: 'a' }, {}] })), 'Secret')).toEqual([
      ['spec.imagePullSecrets[0].name', 'a'],
      ['spec.imagePullSecrets[1].name', ''],
    ]);
  });

  test('with no name where a volume leaves it out', () => {
    expect(requestsOf(aPod(withVolume({ secret: {} })), 'Secret')).toEqual([
      ['spec.volumes[0].secret.secretName', ''],
    ]);
  });
});

test('images are found in every kind of container and in image volumes', () => {
  const pod = aPod(
    withInitContainer({ image: 'init' }),
    withEphemeralContainer({ image: 'debugger' }),
    withVolume({ image: { reference: 'files', pullPolicy: 'Never' } }),
    withVolume({ image: {} }),
  );
  expect(requestsOf(pod, 'Image')).toEqual([
    ['spec.initContainers[0].image', 'init'],
    ['spec.containers[0].image', IMAGE],
    ['spec.ephemeralContainers[0].image', 'debugger'],
    ['spec.volumes[0].image.reference', 'files'],
    ['spec.volumes[1].image.reference', ''],
  ]);
  expect(requestsOf(pod, 'EphemeralContainer')).toEqual([['spec.ephemeralContainers[0]', 'debugger']]);
});

test('a container without an image asks for an image without a name', () => {
  expect(requestsOf(aPod(withSpec({ containers: [{ name: 'main' }] })), 'Image')).toEqual([
    ['spec.containers[0].image', ''],
  ]);
});

describe('access to the node is found', () => {
  test.each([
    ['the network', withSpec({ hostNetwork: true }), 'spec.hostNetwork', 'true'],
    ['processes', withSpec({ hostPID: true }), 'spec.hostPID', 'true'],
    ['IPC', withSpec({ hostIPC: true }), 'spec.hostIPC', 'true'],
    ['the choice of the node', withSpec({ nodeName: 'node-1' }), 'spec.nodeName', 'node-1'],
    ['a path', withVolume({ hostPath: { path: '/etc' } }), 'spec.volumes[0].hostPath', '/etc'],
    [
      'privileges',
      withContainer({ securityContext: { privileged: true } }),
      'spec.containers[0].securityContext.privileged',
      'true',
    ],
    [
      'privileges of an init container',
      withInitContainer({ securityContext: { privileged: true } }),
      'spec.initContainers[0].securityContext.privileged',
      'true',
    ],
    [
      'a Windows host process, for the pod',
      withSpec({ securityContext: { windowsOptions: { hostProcess: true } } }),
      'spec.securityContext.windowsOptions.hostProcess',
      'true',
    ],
    [
      'a Windows host process, for a container',
      withContainer({ securityContext: { windowsOptions: { hostProcess: true } } }),
      'spec.containers[0].securityContext.windowsOptions.hostProcess',
      'true',
    ],
  ])('%s', (_, change, path, value) => {
    expect(requestsOf(aPod(change), 'NodeAccess')).toEqual([[path, value]]);
  });

  test('and is none where the fields say no', () => {
    const pod = aPod(
      withSpec({ hostNetwork: false, hostPID: false, hostIPC: false, nodeName: '' }),
      withContainer({ securityContext: { privileged: false, windowsOptions: { hostProcess: false } } }),
    );
    expect(requestsOf(pod, 'NodeAccess')).toEqual([]);
  });
});

describe('a field that is not known is found', () => {
  const unheardOf: object = { telepathy: {} };
  test.each([
    ['a source of a volume', withVolume(unheardOf), 'spec.volumes[0].telepathy', 'Volume'],
    [
      'a source within a projected volume',
      withVolume({ projected: { sources: [unheardOf] } }),
      'spec.volumes[0].projected.sources[0].telepathy',
      'VolumeProjection',
    ],
    [
      'a value of the environment',
      withContainer({ env: [{ name: 'A', valueFrom: unheardOf }] }),
      'spec.containers[0].env[0].valueFrom.telepathy',
      'EnvVarSource',
    ],
    [
      'a source of the environment',
      withContainer({ envFrom: [unheardOf] }),
      'spec.containers[0].envFrom[0].telepathy',
      'EnvFromSource',
    ],
    ['anything else of the pod', withSpec(unheardOf), 'spec.telepathy', 'PodSpec'],
  ])('%s', (_, change, path, definition) => {
    const known = `a field of ${definition} in Kubernetes ${POD_SCHEMA_VERSION}`;
    expect(requestsOf(aPod(change), 'Unjudged')).toEqual([[path, { what: 'telepathy', known }]]);
  });

  test('beside everything else that the pod asks for', () => {
    const pod = aPod(withVolume(unheardOf), withSecretEnv('db'));
    expect(requestsOf(pod, 'Secret', 'Image')).toHaveLength(2);
  });

  test('and harmless volumes are not', () => {
    const pod = aPod(
      withVolume({ emptyDir: {} }),
      withVolume({ configMap: { name: 'a' } }),
      withVolume({ downwardAPI: {} }),
      withVolume({}),
    );
    expect(identityRequestsOf(pod)).toHaveLength(3);
  });
});

describe('of a pod that is not shaped as a pod is', () => {
  const unjudged = (pod: unknown) => identityRequestsOf(pod as Pod);

  test('that alone is said: what it asks for cannot be told', () => {
    const pod = aPod(withSecretEnv('db'), withSpec({ serviceAccountName: 5 } as object));
    expect(unjudged(pod)).toEqual([
      {
        kind: 'Unjudged',
        value: { what: 'a number', known: 'a string' },
        path: 'spec.serviceAccountName',
      },
    ]);
  });

  test.each([[null], ['a pod'], [[]], [7]])('as little can be told of %j', (pod) => {
    expect(unjudged(pod)).toMatchObject([{ kind: 'Unjudged', path: '' }]);
  });

  test('nor can it where more is unknown than is looked at', () => {
    const unknown = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`x${index}`, 1]));
    const requests = unjudged(aPod(withSpec(unknown)));
    expect(requests).toHaveLength(1000);
    expect(requests.every(({ kind }) => kind === 'Unjudged')).toBe(true);
  });
});

test('what was added to a pod is what it asks for now and did not ask for at that place before', () => {
  const before = aPod(withVolume({ secret: { secretName: 'a' } }));
  expect(addedRequests(before, before)).toEqual([]);
  expect(addedRequests(aPod(withSecretEnv('a')), aPod())).toEqual([]);
  expect(addedRequests(before, withContainer({ image: 'other' })(before))).toEqual([
    { kind: 'Image', value: 'other', path: 'spec.containers[0].image' },
  ]);
});
