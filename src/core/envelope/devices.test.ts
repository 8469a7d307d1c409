import { expect, test } from 'vitest';
import { aGrant, aPod, withContainer, withSpec, withWorkload } from '../testing/builders.ts';
import { aContext, judge } from '../testing/judging.ts';

const grant = aGrant(withWorkload({ deviceClasses: ['gpu', 'example.com/nic'] }));

test('devices of the classes and resources that the grant names are granted', () => {
  const limits = { 'deviceclass.resource.kubernetes.io/gpu': '1', 'example.com/nic': '1', cpu: '1' };
  const devices = new Map([['spec.resourceClaims[0]', { classes: ['gpu'], adminAccess: false }]]);
  const pod = aPod(
    withContainer({ resources: { limits } }),
    withSpec({ resourceClaims: [{ name: 'a', resourceClaimName: 'a' }] }),
  );
  expect(judge(pod, grant, { identity: aContext({ devices }) })).toEqual([]);
});

test('any other is refused, and those that are granted are named', () => {
  const pod = aPod(withContainer({ resources: { limits: { 'example.com/gpu': '1' } } }));
  expect(judge(pod, grant)).toEqual([
    {
      code: 'DeviceNotGranted',
      path: 'spec.containers[0].resources.limits[example.com/gpu]',
      asked: 'example.com/gpu',
      allowed: 'gpu, example.com/nic',
      fix: 'add it to spec.workload.deviceClasses of a new grant, or drop it',
    },
  ]);
  expect(judge(pod)).toMatchObject([{ code: 'DeviceNotGranted', allowed: 'nothing' }]);
});

test('every device of a class, in use or not, is of the node: no grant can name that', () => {
  const devices = new Map([['spec.resourceClaims[0]', { classes: ['gpu'], adminAccess: true }]]);
  const pod = aPod(withSpec({ resourceClaims: [{ name: 'a', resourceClaimName: 'a' }] }));
  expect(judge(pod, grant, { identity: aContext({ devices }) })).toMatchObject([
    { code: 'NodeAccess', path: 'spec.resourceClaims[0]', asked: 'devices with adminAccess' },
  ]);
});
