import { describe, expect, test } from 'vitest';
import { aPod, withVolume } from '../testing/builders.ts';
import { requestsOf } from '../testing/requests.ts';

const CSI = withVolume({ csi: { driver: 'csi.example' } });
const CLAIM = withVolume({ persistentVolumeClaim: { claimName: 'data' } });
const backings = new Map([['spec.volumes[0]', [{ driver: 'csi.example' }]]]);
const driverTokens = new Map([
  ['csi.example', [{ audience: 'vault', expirationSeconds: 600 }, { audience: '' }]],
]);

describe('a storage driver is found', () => {
  test('where the pod names it', () => {
    expect(requestsOf(aPod(CSI), 'CsiDriver')).toEqual([
      ['spec.volumes[0].csi.driver', { name: 'csi.example', by: 'inline', mints: false }],
    ]);
  });

  test('where a claim leads to it', () => {
    expect(requestsOf(aPod(CLAIM), 'CsiDriver', { backings })).toEqual([
      ['spec.volumes[0]', { name: 'csi.example', by: 'claim', mints: false }],
    ]);
    expect(requestsOf(aPod(withVolume({ ephemeral: {} })), 'CsiDriver', { backings })).toHaveLength(1);
  });

  test('where Kubernetes has one mount the type', () => {
    const pod = aPod(withVolume({ azureFile: { secretName: 'a', shareName: 'b' } }));
    expect(requestsOf(pod, 'CsiDriver')).toEqual([
      ['spec.volumes[0]', { name: 'file.csi.azure.com', by: 'type', mints: false }],
    ]);
  });

  test('without a name, where the volume says none', () => {
    const csi = {} as { driver: string };
    expect(requestsOf(aPod(withVolume({ csi })), 'CsiDriver')).toMatchObject([
      ['spec.volumes[0].csi.driver', { name: '' }],
    ]);
  });

  test('nowhere else', () => {
    const other = new Map([['spec.volumes[0]', [{ inTree: 'nfs' }]]]);
    expect(requestsOf(aPod(CLAIM), 'CsiDriver', { backings: other })).toEqual([]);
    expect(requestsOf(aPod(withVolume({ emptyDir: {} })), 'CsiDriver')).toEqual([]);
  });
});

describe('the tokens that a driver is handed are found', () => {
  test.each([
    ['that the pod names', CSI, 'spec.volumes[0].csi.driver'],
    ['that a claim leads to', CLAIM, 'spec.volumes[0]'],
  ])('of one %s, each with its audience and lifetime', (_, volume, path) => {
    const pod = aPod(volume);
    expect(requestsOf(pod, 'DriverToken', { backings, driverTokens })).toEqual([
      [path, { driver: 'csi.example', audience: 'vault', expirationSeconds: 600 }],
      [path, { driver: 'csi.example', audience: undefined, expirationSeconds: 3600 }],
    ]);
    expect(requestsOf(pod, 'CsiDriver', { backings, driverTokens })).toMatchObject([[path, { mints: true }]]);
  });

  test('of one that mounts a type that Kubernetes had', () => {
    const pod = aPod(withVolume({ azureFile: { secretName: 'a', shareName: 'b' } }));
    const tokens = new Map([['file.csi.azure.com', [{ audience: 'api://AzureADTokenExchange' }]]]);
    expect(requestsOf(pod, 'DriverToken', { driverTokens: tokens })).toMatchObject([
      ['spec.volumes[0]', { audience: 'api://AzureADTokenExchange' }],
    ]);
  });

  test('or cannot be told, which is said', () => {
    const unresolved = new Map([['csi.example', { unresolved: 'too many' }]]);
    expect(requestsOf(aPod(CSI), 'Unresolved', { driverTokens: unresolved })).toEqual([
      ['spec.volumes[0].csi.driver', { what: 'driver csi.example', why: 'too many' }],
    ]);
    expect(requestsOf(aPod(CSI), 'CsiDriver', { driverTokens: unresolved })).toMatchObject([
      ['spec.volumes[0].csi.driver', { name: 'csi.example', mints: false }],
    ]);
  });
});

test('a token without a path is a token', () => {
  const serviceAccountToken = {} as { path: string };
  expect(
    requestsOf(aPod(withVolume({ projected: { sources: [{ serviceAccountToken }] } })), 'Token'),
  ).toEqual([
    [
      'spec.volumes[0].projected.sources[0].serviceAccountToken',
      { audience: undefined, expirationSeconds: 3600, file: '' },
    ],
  ]);
});
