import { describe, expect, test } from 'vitest';
import { floorPolicies, staticFloor } from './floor.ts';

const installation = { namespace: 'taskgrant-system', name: 'taskgrant', probeNamespace: 'taskgrant-probe' };

// What the policies refuse is tried on a real API server: e2e/chart/floor.e2e.test.ts.
describe('the floor', () => {
  test('has a policy of each name once, each of which can refuse something', () => {
    const policies = floorPolicies(installation);
    expect(new Set(policies.map(({ name }) => name)).size).toBe(policies.length);
    expect(policies.filter(({ validations }) => validations.length === 0)).toEqual([]);
  });

  test('as files for the API server has names of the form that it wants there, each bound under its own', () => {
    const objects = staticFloor(installation);
    for (const { metadata } of objects) expect(metadata.name).toMatch(/^taskgrant-[a-z-]+\.static\.k8s\.io$/);
    const policies = objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy');
    const bound = objects.flatMap(({ spec }) => (spec && 'policyName' in spec ? [spec.policyName] : []));
    expect(bound).toEqual(policies.map(({ metadata }) => metadata.name));
  });
});
