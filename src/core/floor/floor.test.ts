import { describe, expect, test } from 'vitest';
import { floorPolicies, staticFloor } from './floor.ts';

const installation = { namespace: 'taskgrant-system', name: 'taskgrant', probeNamespace: 'taskgrant-probe' };

// What the policies refuse is tried on a real API server: e2e/chart/floor.e2e.test.ts.
describe('the floor', () => {
  test('has a policy of each name once, each of which can refuse or warn of something', () => {
    const policies = floorPolicies(installation);
    expect(new Set(policies.map(({ name }) => name)).size).toBe(policies.length);
    expect(policies.filter(({ validations }) => validations.length === 0)).toEqual([]);
  });

  test('leaves the controller the CA bundles of its webhook configurations: it names what may differ, so that no field of a later Kubernetes may', () => {
    const [controller] = floorPolicies(installation).filter(({ name }) => name === 'controller');
    const clauses = controller?.validations.flatMap(({ expression }) => expression.split(' ||\n')) ?? [];
    const [clause = '', ...others] = clauses.filter((each) => each.includes('admissionregistration.k8s.io'));
    expect(others).toEqual([]);
    const mayDiffer = [...clause.matchAll(/all\(key, key in \[([^\]]*)\] \|\| \(key in/g)].map(
      ([, keys]) => keys,
    );
    expect(mayDiffer).toEqual([
      "'metadata', 'webhooks'",
      "'managedFields', 'resourceVersion', 'generation'",
      "'clientConfig'",
      "'caBundle'",
    ]);
  });

  test('as files for the API server has names of the form that it wants there, each bound under its own', () => {
    const objects = staticFloor(installation);
    for (const { metadata } of objects) expect(metadata.name).toMatch(/^taskgrant-[a-z-]+\.static\.k8s\.io$/);
    const policies = objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy');
    const bound = objects.flatMap(({ spec }) => (spec && 'policyName' in spec ? [spec.policyName] : []));
    expect(bound).toEqual(policies.map(({ metadata }) => metadata.name));
  });
});
