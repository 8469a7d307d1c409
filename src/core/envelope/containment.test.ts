import { expect, test } from 'vitest';
import {
  aGrant,
  aPod,
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
  expect(judge(aPod(withVolume({ csi: { driver: 'csi.example' } })))).toMatchObject([
    {
      code: 'PodNotSupported',
      path: 'spec.volumes[0].csi',
      asked: 'csi',
      allowed: 'configMap, downwardAPI, emptyDir, image, projected, secret',
    },
  ]);
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
