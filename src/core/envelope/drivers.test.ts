import { describe, expect, test } from 'vitest';
import type { Pod } from '../../api/kubernetes.ts';
import type { DriverTokenRequest } from '../identity/surroundings.ts';
import { aGrant, aPod, withEnvelope, withVolume } from '../testing/builders.ts';
import { aContext, API_AUDIENCE, judge } from '../testing/judging.ts';

const driver = 'csi.example';
const INLINE = aPod(withVolume({ csi: { driver } }));
const BY_CLAIM = aPod(withVolume({ persistentVolumeClaim: { claimName: 'data' } }));
const granting = (...audiences: string[]) =>
  aGrant(
    withEnvelope({
      csiDrivers: [driver],
      tokens: audiences.map((audience) => ({ name: 'a', audience, expirationSeconds: 600 })),
    }),
  );

function judged(pod: Pod, grant = granting(), tokens: DriverTokenRequest[] = []) {
  const backings = new Map([['spec.volumes[0]', [{ driver }]]]);
  const driverTokens = new Map([[driver, tokens]]);
  return judge(pod, grant, { identity: aContext({ backings, driverTokens }) });
}

describe('a driver that is handed no tokens', () => {
  test('is of the envelope where the pod names it', () => {
    expect(judged(INLINE)).toEqual([]);
    expect(judged(INLINE, aGrant())).toEqual([
      {
        code: 'DriverNotGranted',
        path: 'spec.volumes[0].csi.driver',
        asked: driver,
        allowed: 'nothing',
        fix: 'add the driver to spec.envelope.csiDrivers of a new grant, or drop the volume',
      },
    ]);
  });

  test('is its StorageClass’s business where a claim leads to it', () => {
    expect(judged(BY_CLAIM, aGrant())).toEqual([]);
  });

  test('is no matter of its own where Kubernetes has it mount a type', () => {
    const grant = aGrant(withEnvelope({ secrets: ['files'] }));
    expect(judge(aPod(withVolume({ azureFile: { secretName: 'files', shareName: 'x' } })), grant)).toEqual(
      [],
    );
  });

  test('is not of the envelope without a name', () => {
    const nameless = {} as { driver: string };
    expect(judged(aPod(withVolume({ csi: nameless })))).toMatchObject([
      { code: 'DriverNotGranted', asked: '' },
    ]);
  });
});

describe.each([
  ['that the pod names', INLINE, 'spec.volumes[0].csi.driver'],
  ['that a claim leads to', BY_CLAIM, 'spec.volumes[0]'],
])('a driver %s and that is handed tokens', (_, pod, path) => {
  const tokens = [{ audience: 'vault', expirationSeconds: 600 }];

  test('is of the envelope, and so are its tokens', () => {
    expect(judged(pod, granting('vault'), tokens)).toEqual([]);
  });

  test('is refused where it is not, and for its tokens besides', () => {
    const grant = aGrant(withEnvelope({ csiDrivers: ['other.csi.example'], tokens: [] }));
    expect(judged(pod, grant, tokens)).toMatchObject([
      {
        code: 'DriverNotGranted',
        path,
        asked: `${driver}, which is handed tokens of the pod`,
        allowed: 'other.csi.example',
      },
      { code: 'TokenAudienceNotGranted', path, asked: `vault, for driver ${driver}`, allowed: 'nothing' },
    ]);
  });

  test('asks for no longer than the envelope says', () => {
    expect(judged(pod, granting('vault'), [{ audience: 'vault', expirationSeconds: 601 }])).toMatchObject([
      {
        code: 'TokenLivesTooLong',
        path,
        asked: `601 s, for driver ${driver}`,
        allowed: '600 s',
        fix: 'have at least 601 s for the audience in spec.envelope.tokens of a new grant (now 600), or drop the volume',
      },
    ]);
  });

  test('asks for an hour where it does not say, and for the API server where it names nobody', () => {
    expect(judged(pod, granting(API_AUDIENCE), [{ audience: '' }])).toMatchObject([
      { code: 'TokenLivesTooLong', asked: `3600 s, for driver ${driver}` },
    ]);
    expect(judged(pod, granting('vault'), [{ audience: '', expirationSeconds: 600 }])).toMatchObject([
      { code: 'TokenAudienceNotGranted', asked: `the API server, for driver ${driver}` },
    ]);
  });

  test('is never handed one for a year', () => {
    const year = [{ audience: 'vault', expirationSeconds: 3607 }];
    expect(judged(pod, granting('vault'), year).map(({ code }) => code)).toEqual([
      'TokenLivesTooLong',
      'TokenWouldBeExtended',
    ]);
  });
});

test('tokens go to the driver of a type that Kubernetes had, too', () => {
  const driverTokens = new Map([['file.csi.azure.com', [{ audience: 'api://AzureADTokenExchange' }]]]);
  const pod = aPod(withVolume({ azureFile: { secretName: 'files', shareName: 'x' } }));
  const grant = aGrant(withEnvelope({ secrets: ['files'] }));
  expect(judge(pod, grant, { identity: aContext({ driverTokens }) })).toMatchObject([
    { code: 'DriverNotGranted', asked: 'file.csi.azure.com, which is handed tokens of the pod' },
    { code: 'TokenAudienceNotGranted', path: 'spec.volumes[0]' },
  ]);
});

test('a driver whose tokens cannot be told is refused, also where it is of the envelope', () => {
  const driverTokens = new Map([[driver, { unresolved: 'more than 64 drivers are not followed' }]]);
  expect(judge(INLINE, granting(), { identity: aContext({ driverTokens }) })).toMatchObject([
    { code: 'ClaimNotResolved', asked: `driver ${driver}: more than 64 drivers are not followed` },
  ]);
});
