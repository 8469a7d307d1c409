import { describe, expect, test } from 'vitest';
import { aGrant, anAuthoredPod, aPod, withoutLabels, withVolume } from '../core/testing/builders.ts';
import { SOME_CLUSTER } from '../core/testing/pods.ts';
import { accountWhereRequired, enforcedLevel, podFacts } from './pod-facts.ts';
import { someFacts } from './testing.ts';

const claim = withVolume({ persistentVolumeClaim: { claimName: 'a' } });

test.each([
  ['granted', 'granted'],
  ['required', 'required'],
  ['strict', 'required'],
  [undefined, 'granted'],
])('a namespace whose label is %s is judged as %s', async (enforceLevel, level) => {
  expect(await enforcedLevel('agents', someFacts({ enforceLevel }))).toBe(level);
});

test('the default account matters only to a pod without a grant, where it may have no identity', async () => {
  const facts = someFacts({ enforceLevel: 'required', defaultPullSecrets: ['registry'] });
  expect(await accountWhereRequired(undefined, 'agents', facts)).toEqual({
    automounts: true,
    pullSecrets: ['registry'],
  });
  expect(await accountWhereRequired('a', 'agents', facts)).toBeUndefined();
  expect(await accountWhereRequired(undefined, 'agents', someFacts())).toBeUndefined();
});

describe('references are followed', () => {
  const followed = async (pod: ReturnType<typeof aPod>, level: 'granted' | 'required', grant = true) => {
    const facts = someFacts({ lookups: SOME_CLUSTER });
    const given = await podFacts(claim(pod), 'agents', level, grant ? aGrant() : undefined, facts);
    return given.identity.surroundings.backings.size > 0;
  };

  test('for a pod that is judged by its grant, or may have no identity', async () => {
    expect(await followed(aPod(), 'granted')).toBe(true);
    expect(await followed(anAuthoredPod(withoutLabels), 'required', false)).toBe(true);
  });

  test('for no other', async () => {
    expect(await followed(aPod(), 'granted', false)).toBe(false);
    expect(await followed(aPod(), 'required', false)).toBe(false);
    expect(await followed(anAuthoredPod(withoutLabels), 'granted', false)).toBe(false);
  });
});

test('a pod with a grant’s label is judged by its grant, whatever the level', async () => {
  const facts = someFacts({ enforceLevel: 'required' });
  expect((await podFacts(aPod(), 'agents', 'required', aGrant(), facts)).required).toBeUndefined();
});
