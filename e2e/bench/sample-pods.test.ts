import { expect, test } from 'vitest';
import type { Pod } from '../../src/api/kubernetes.ts';
import { inject } from '../../src/core/injection/inject.ts';
import { aGrant, NOW, withEnvelope, withWorkload } from '../../src/core/testing/builders.ts';
import { API_AUDIENCE, judge } from '../../src/core/testing/judging.ts';
import { podOfFifty, podOfThree, SAMPLE_SPEC } from './sample-pods.ts';

const { envelope, workload } = SAMPLE_SPEC;
const tokens = envelope.tokens.map((token) => ({ expirationSeconds: 600, ...token }));
const grant = aGrant(withWorkload(workload), withEnvelope({ ...envelope, tokens }));
const injected = (pod: Pod): Pod =>
  inject(pod, { grant, defaultPullSecrets: [], apiAudiences: [API_AUDIENCE], now: NOW }).pod;

test.each([
  ['three', podOfThree, 3, 6],
  ['fifty', podOfFifty, 50, 100],
])('the pod of %s containers is within its grant', (_, podOf, containers, volumes) => {
  const pod = injected(podOf(grant.metadata));
  const { spec } = pod;
  expect((spec?.initContainers ?? []).length + (spec?.containers ?? []).length).toBe(containers);
  expect(spec?.volumes).toHaveLength(volumes);
  expect(judge(pod, grant)).toEqual([]);
});

test('every mount of theirs is of a volume that they have, at a place of its own', () => {
  for (const { spec } of [podOfThree(grant.metadata), podOfFifty(grant.metadata)]) {
    const names = new Set(spec?.volumes?.map(({ name }) => name));
    for (const { volumeMounts = [] } of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]) {
      expect(volumeMounts.filter(({ name }) => !names.has(name))).toEqual([]);
      expect(new Set(volumeMounts.map(({ mountPath }) => mountPath)).size).toBe(volumeMounts.length);
    }
  }
});
