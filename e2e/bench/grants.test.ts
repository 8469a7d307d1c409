import { expect, test } from 'vitest';
import { aGrant, withStatus } from '../../src/core/testing/builders.ts';
import { isActive, stateOf } from './grants.ts';

test('of a grant is kept what is asked of it, and no more', () => {
  const grant = aGrant(withStatus({ pods: [] }));
  const kept = stateOf({ ...grant, metadata: { ...grant.metadata, annotations: { note: 'long' } } });
  const { phase, serviceAccountName, pods, conditions } = grant.status ?? {};
  expect(kept.status).toEqual({ phase, serviceAccountName, pods, conditions });
  expect(isActive(kept)).toBe(true);
  expect(kept).not.toHaveProperty('spec');
  expect(kept.metadata).not.toHaveProperty('annotations');
});
