import { expect, test } from 'vitest';
import { POD_SCHEMA_VERSION } from '../identity/pod-schema.ts';
import {
  aGrant,
  aPod,
  withContainer,
  withEphemeralContainer,
  withSpec,
  withVolume,
  withWorkload,
} from '../testing/builders.ts';
import { judge, judgeUpdate } from '../testing/judging.ts';

test('a pod gets nothing of its node', () => {
  expect(judge(aPod(withSpec({ hostNetwork: true, nodeName: 'node-1' })))).toMatchObject([
    { code: 'NodeAccess', path: 'spec.hostNetwork', asked: 'true', allowed: 'nothing of its node' },
    { code: 'NodeAccess', path: 'spec.nodeName', asked: 'node-1' },
  ]);
});

test('what cannot be judged is refused, and what could be had instead is named', () => {
  const unheardOf: object = { telepathy: {} };
  expect(judge(aPod(withVolume(unheardOf)))).toMatchObject([
    {
      code: 'PodNotSupported',
      path: 'spec.volumes[0].telepathy',
      asked: 'telepathy',
      allowed: `a field of Volume in Kubernetes ${POD_SCHEMA_VERSION}`,
    },
  ]);
});

test('what leads to something that cannot be told is refused', () => {
  const pod = aPod(withVolume({ persistentVolumeClaim: { claimName: 'data' } }));
  expect(judge(pod)).toEqual([
    {
      code: 'ClaimNotResolved',
      path: 'spec.volumes[0]',
      asked: 'claim data: it was not looked up',
      allowed: 'claims whose driver can be told',
      fix: 'create what it refers to first, or bind the claim',
    },
  ]);
});

test('what stands where programs look for a token is refused', () => {
  const mount = { name: 'cache', mountPath: '/run/secrets/taskgrant.dev/tools' };
  const pod = aPod(withVolume({ name: 'cache', emptyDir: {} }), withContainer({ volumeMounts: [mount] }));
  expect(judge(pod)).toMatchObject([
    {
      code: 'TokenShadowed',
      path: 'spec.containers[0].volumeMounts[0].mountPath',
      asked: '/run/secrets/taskgrant.dev/tools, from volume cache',
    },
  ]);
});

test('trust bundles are for everybody', () => {
  const clusterTrustBundle = { signerName: 'example.com/ca', path: 'ca.crt' };
  expect(judge(aPod(withVolume({ projected: { sources: [{ clusterTrustBundle }] } })))).toEqual([]);
});

test('an ephemeral container is refused where the grant does not allow exec', () => {
  expect(judgeUpdate(aPod(), aPod(withEphemeralContainer()))).toMatchObject([
    { code: 'ExecNotAllowed', path: 'spec.ephemeralContainers[0]', asked: 'ephemeral container debugger' },
  ]);
});

test('where the grant allows exec, an ephemeral container is held to the envelope like any other', () => {
  const grant = aGrant(withWorkload({ allowExec: true }));
  expect(judgeUpdate(aPod(), aPod(withEphemeralContainer()), grant)).toEqual([]);
  expect(judgeUpdate(aPod(), aPod(withEphemeralContainer({ image: 'busybox' })), grant)).toMatchObject([
    { code: 'ImageNotGranted', path: 'spec.ephemeralContainers[0].image' },
  ]);
});
