import { describe, expect, test } from 'vitest';
import type { PodSpec, ResourceClaim } from '../../api/kubernetes.ts';
import {
  aPod,
  withContainer,
  withEphemeralContainer,
  withInitContainer,
  withSpec,
} from '../testing/builders.ts';
import { requestsOf } from '../testing/requests.ts';
import { devicesOf, NO_DEVICES, type DeviceLookups } from './devices.ts';

type Requests = NonNullable<NonNullable<ResourceClaim['spec']>['devices']>['requests'];
type References = NonNullable<PodSpec['resourceClaims']>;

const nothing = () => Promise.resolve(undefined);
const there = (requests: Requests): DeviceLookups => ({
  resourceClaim: () => Promise.resolve({ spec: { devices: { ...(requests && { requests }) } } }),
  resourceClaimTemplate: () =>
    Promise.resolve({ spec: { spec: { devices: { ...(requests && { requests }) } } } }),
});
const of = (resourceClaims: References, lookups: DeviceLookups) =>
  devicesOf({ containers: [], resourceClaims }, lookups);

const BY_CLAIM: References = [{ name: 'gpu', resourceClaimName: 'a' }];
const BY_TEMPLATE: References = [{ name: 'gpu', resourceClaimTemplateName: 'a' }];

describe('what a resource claim asks for', () => {
  const claimed = async (...requests: NonNullable<Requests>) =>
    (await of(BY_CLAIM, there(requests))).get('spec.resourceClaims[0]');

  test('is the class of each request, once', async () => {
    expect(
      await claimed(
        { name: 'a', exactly: { deviceClassName: 'gpu' } },
        { name: 'b', exactly: { deviceClassName: 'gpu' } },
        { name: 'c', exactly: { deviceClassName: 'nic' } },
      ),
    ).toEqual({ classes: ['gpu', 'nic'], adminAccess: false });
  });

  test('is every class that may be the first available', async () => {
    const firstAvailable = [
      { name: 'x', deviceClassName: 'large' },
      { name: 'y', deviceClassName: 'small' },
    ];
    expect(await claimed({ name: 'a', firstAvailable })).toEqual({
      classes: ['large', 'small'],
      adminAccess: false,
    });
  });

  test('is every device of the class, with adminAccess', async () => {
    expect(await claimed({ name: 'a', exactly: { deviceClassName: 'gpu', adminAccess: true } })).toEqual({
      classes: ['gpu'],
      adminAccess: true,
    });
  });

  test('cannot be told where it is asked in another way', async () => {
    expect(await claimed({ name: 'a', exactly: { deviceClassName: 'gpu' } }, { name: 'b' })).toEqual({
      unresolved: 'it asks for devices in a way that is not known',
    });
  });

  test('is nothing where there are no requests', async () => {
    expect(await claimed()).toEqual({ classes: [], adminAccess: false });
    const empty: DeviceLookups = { ...there([]), resourceClaim: () => Promise.resolve({ spec: {} }) };
    expect([...(await of(BY_CLAIM, empty)).values()]).toEqual([{ classes: [], adminAccess: false }]);
  });
});

describe('a resource claim of a pod', () => {
  const request = [{ name: 'a', exactly: { deviceClassName: 'gpu' } }];

  test('is followed by its own name or that of its template', async () => {
    for (const references of [BY_CLAIM, BY_TEMPLATE]) {
      expect([...(await of(references, there(request)))]).toEqual([
        ['spec.resourceClaims[0]', { classes: ['gpu'], adminAccess: false }],
      ]);
    }
  });

  test('leads nowhere where there is none', async () => {
    const none = { resourceClaim: nothing, resourceClaimTemplate: nothing };
    expect([...(await of([...BY_CLAIM, ...BY_TEMPLATE, { name: 'x' }], none)).values()]).toEqual([
      { unresolved: 'no such ResourceClaim: a' },
      { unresolved: 'no such ResourceClaimTemplate: a' },
      { unresolved: 'it names neither a claim nor a template' },
    ]);
  });

  test('is not followed behind so many others', async () => {
    let reads = 0;
    const counting: DeviceLookups = {
      ...there(request),
      resourceClaim: (name) => {
        reads += 1;
        return there(request).resourceClaim(name);
      },
    };
    const references = Array.from({ length: 40 }, () => ({ name: 'x', resourceClaimName: 'a' }));
    const found = [...(await of(references, counting)).values()];
    expect(reads).toBe(32);
    expect(found.slice(32)).toEqual(
      Array.from({ length: 8 }, () => ({ unresolved: 'more than 32 resource claims are not followed' })),
    );
  });

  test('is none in most pods, for which nothing is looked up', async () => {
    expect(await devicesOf({ containers: [] }, there([]))).toBe(NO_DEVICES);
  });
});

describe('a pod asks', () => {
  const pod = aPod(withSpec({ resourceClaims: BY_CLAIM }));
  const at = 'spec.resourceClaims[0]';

  test('for each class of its claims, and with adminAccess for its node', () => {
    const devices = new Map([[at, { classes: ['gpu', 'nic'], adminAccess: true }]]);
    expect(requestsOf(pod, 'Device', { devices })).toEqual([
      [at, 'gpu'],
      [at, 'nic'],
    ]);
    expect(requestsOf(pod, 'NodeAccess', { devices })).toEqual([[at, 'devices with adminAccess']]);
  });

  test('for what cannot be told, where its claim cannot', () => {
    const devices = new Map([[at, { unresolved: 'gone' }]]);
    expect(requestsOf(pod, 'Unresolved', { devices })).toEqual([
      [at, { what: 'the resource claim', why: 'gone' }],
    ]);
    expect(requestsOf(pod, 'Unresolved')).toEqual([
      [at, { what: 'the resource claim', why: 'it was not looked up' }],
    ]);
  });
});

describe('an extended resource', () => {
  const asked = (resource: string) =>
    requestsOf(aPod(withContainer({ resources: { limits: { [resource]: '1' } } })), 'Device').map(
      ([, value]) => value,
    );

  test.each([
    ['example.com/gpu', 'example.com/gpu'],
    ['requests.example.com/gpu', 'requests.example.com/gpu'],
    ['kubernetes.io.example.com/gpu', 'kubernetes.io.example.com/gpu'],
    ['deviceclass.resource.kubernetes.io/gpu', 'gpu'],
    ['deviceclass.resource.kubernetes.io/example.com/gpu', 'example.com/gpu'],
    ['deviceclass.resource.kubernetes.io/', ''],
  ])('is %s, as %s', (resource, value) => {
    expect(asked(resource)).toEqual([value]);
  });

  test.each([
    ['cpu'],
    ['memory'],
    ['ephemeral-storage'],
    ['hugepages-2Mi'],
    ['attachable-volumes-aws-ebs'],
    ['kubernetes.io/batch-cpu'],
    ['pod.alpha.kubernetes.io/opaque-int-resource-x'],
  ])('is not %s, which is Kubernetes’ own', (resource) => {
    expect(asked(resource)).toEqual([]);
  });

  test('is found in limits and requests of every container and of the pod', () => {
    const limits = { 'example.com/gpu': '1' };
    const found = aPod(
      withInitContainer({ resources: { limits } }),
      withContainer({ resources: { requests: limits, limits } }),
      withEphemeralContainer({ resources: { limits } }),
      withSpec({ resources: { requests: limits } }),
    );
    expect(requestsOf(found, 'Device').map(([path]) => path)).toEqual([
      'spec.initContainers[0].resources.limits[example.com/gpu]',
      'spec.containers[0].resources.limits[example.com/gpu]',
      'spec.containers[0].resources.requests[example.com/gpu]',
      'spec.ephemeralContainers[0].resources.limits[example.com/gpu]',
      'spec.resources.requests[example.com/gpu]',
    ]);
  });

  test('is asked for also with none of it, or with nothing for an amount', () => {
    const limits = { 'example.com/gpu': '0', 'example.com/nic': null } as unknown as Record<string, string>;
    expect(requestsOf(aPod(withContainer({ resources: { limits } })), 'Device')).toHaveLength(2);
  });
});
