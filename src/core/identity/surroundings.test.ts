import { describe, expect, test } from 'vitest';
import type { Pod, PodSpec } from '../../api/kubernetes.ts';
import { anAuthoredPod, aPod, GRANT_ACCOUNT, withSpec, withVolume } from '../testing/builders.ts';
import { SOME_CLUSTER } from '../testing/pods.ts';
import { readPod } from './reading.ts';
import * as followed from './surroundings.ts';
import { MOST_FOLLOWED, NO_SURROUNDINGS, type Lookups } from './surroundings.ts';

const surroundingsOf = (pod: unknown, lookups: Lookups) => followed.surroundingsOf(readPod(pod), lookups);

/** A cluster that says what it was asked for. */
function recording(more: Partial<Lookups> = {}) {
  const asked: string[] = [];
  const recorded = <T>(what: string, lookup: (name: string) => T) => {
    return (name: string) => {
      asked.push(`${what} ${name}`);
      return lookup(name);
    };
  };
  const cluster = { ...SOME_CLUSTER, ...more };
  const lookups: Lookups = {
    ...cluster,
    claim: recorded('claim', cluster.claim),
    driver: recorded('driver', cluster.driver),
    resourceClaim: recorded('resourceClaim', cluster.resourceClaim),
    accountAnnotations: recorded('account', cluster.accountAnnotations),
  };
  return { lookups, asked };
}

const claims = (count: number) =>
  withSpec({
    volumes: Array.from({ length: count }, (_, index) => ({
      name: `v${index}`,
      persistentVolumeClaim: { claimName: `claim-${index}` },
    })),
  });

test('of a pod that refers to nothing there are only its account’s', async () => {
  const { lookups, asked } = recording();
  expect(await surroundingsOf(aPod(withVolume({ emptyDir: {} })), lookups)).toEqual(NO_SURROUNDINGS);
  expect(asked).toEqual([`account ${GRANT_ACCOUNT}`]);
});

test('everything that a pod refers to is followed, by its place', async () => {
  const pod = aPod(
    withVolume({ emptyDir: {} }),
    withVolume({ persistentVolumeClaim: { claimName: 'b' } }),
    withVolume({ csi: { driver: 'plain.csi.example' } }),
    withVolume({ ephemeral: { volumeClaimTemplate: { spec: {} } } }),
    withVolume({ azureFile: { secretName: 'a', shareName: 'b' } }),
    withSpec({ resourceClaims: [{ name: 'gpu', resourceClaimName: 'a' }] }),
  );
  const annotations = { 'eks.amazonaws.com/role-arn': 'arn' };
  const { lookups } = recording({ accountAnnotations: () => Promise.resolve(annotations) });
  expect(await surroundingsOf(pod, lookups)).toEqual({
    backings: new Map([
      ['spec.volumes[1]', [{ driver: 'minting.csi.example' }]],
      ['spec.volumes[3]', [{ driver: 'minting.csi.example' }]],
    ]),
    driverTokens: new Map([
      ['minting.csi.example', [{ audience: 'https://a.example' }]],
      ['plain.csi.example', []],
      ['file.csi.azure.com', []],
    ]),
    devices: new Map([['spec.resourceClaims[0]', { classes: ['gpu'], adminAccess: false }]]),
    accountAnnotations: annotations,
  });
});

test('a driver that is not registered is handed no tokens', async () => {
  const { lookups } = recording({ driver: () => Promise.resolve(undefined) });
  const { driverTokens } = await surroundingsOf(aPod(withVolume({ csi: { driver: 'a' } })), lookups);
  expect([...driverTokens]).toEqual([['a', []]]);
});

test('a claim that is named twice, and a driver, is asked for as often as it has to be', async () => {
  const csi = withVolume({ csi: { driver: 'a' } });
  const { lookups, asked } = recording();
  await surroundingsOf(aPod(csi, csi, csi), lookups);
  expect(asked.filter((what) => what === 'driver a')).toHaveLength(1);
});

describe('no pod makes thousands of reads', () => {
  test('by its claims: those behind the first are not followed', async () => {
    const { lookups, asked } = recording();
    const { backings } = await surroundingsOf(aPod(claims(MOST_FOLLOWED + 2)), lookups);
    expect(asked.filter((what) => what.startsWith('claim '))).toHaveLength(MOST_FOLLOWED);
    expect([...backings.values()].slice(MOST_FOLLOWED)).toEqual([
      [{ unresolved: 'more than 64 claims are not followed' }],
      [{ unresolved: 'more than 64 claims are not followed' }],
    ]);
  });

  test('by its drivers: those behind the first are not followed, and not taken for harmless', async () => {
    const volumes = Array.from({ length: MOST_FOLLOWED + 1 }, (_, index) => ({
      name: `v${index}`,
      csi: { driver: `d${index}` },
    }));
    const { lookups, asked } = recording();
    const { driverTokens } = await surroundingsOf(aPod(withSpec({ volumes })), lookups);
    expect(asked.filter((what) => what.startsWith('driver '))).toHaveLength(MOST_FOLLOWED);
    expect(driverTokens.get('d64')).toEqual({ unresolved: 'more than 64 drivers are not followed' });
  });

  test('nor does one driver hide another behind many volumes of its own', async () => {
    const many = Array.from({ length: 200 }, (_, index) => ({
      name: `v${index}`,
      csi: { driver: 'plain.csi.example' },
    }));
    const volumes = [...many, { name: 'last', csi: { driver: 'minting.csi.example' } }];
    const { driverTokens } = await surroundingsOf(aPod(withSpec({ volumes })), SOME_CLUSTER);
    expect(driverTokens.get('minting.csi.example')).toEqual([{ audience: 'https://a.example' }]);
  });
});

describe('the account’s annotations', () => {
  const askedFor = async (spec: Partial<PodSpec>) => {
    const { lookups, asked } = recording();
    await surroundingsOf(anAuthoredPod(withSpec(spec)), lookups);
    return asked;
  };

  test('are those of default where the pod names none', async () => {
    expect(await askedFor({})).toEqual(['account default']);
    expect(await askedFor({ serviceAccountName: '' })).toEqual(['account default']);
  });

  test('are those of the account that it names in either field', async () => {
    expect(await askedFor({ serviceAccountName: 'taskgrant-a' })).toEqual(['account taskgrant-a']);
    expect(await askedFor({ serviceAccount: 'taskgrant-a' })).toEqual(['account taskgrant-a']);
  });

  test('are not asked for of an account that it is refused for anyway', async () => {
    expect(await askedFor({ serviceAccountName: 'builder' })).toEqual([]);
  });
});

test.each<[string, unknown]>([
  ['without a spec', { metadata: {} }],
  ['whose spec is nothing', { spec: null }],
  ['that is not shaped as one', aPod(withSpec({ volumes: [7] as unknown as [] }))],
  ['that is none', null],
])('nothing is looked up for a pod %s', async (_, pod) => {
  const { lookups, asked } = recording();
  expect(await surroundingsOf(pod as Pod, lookups)).toBe(NO_SURROUNDINGS);
  expect(asked).toEqual([]);
});

test('what a volume leaves out is looked up as nothing', async () => {
  const { lookups, asked } = recording();
  const volumes = [
    { name: 'a', persistentVolumeClaim: {} },
    { name: 'b', csi: {} },
    { name: 'c', csi: null },
  ];
  await surroundingsOf(aPod(withSpec({ volumes: volumes as unknown as [] })), lookups);
  expect(asked).toContain('claim ');
  expect(asked).toContain('driver ');
});
