import { expect, test } from 'vitest';
import { takesPods } from './readiness.ts';

const ready = { conditions: [{ type: 'Ready', status: 'True' }] };

test('a node takes pods when it is Ready and has no taint', () => {
  expect(takesPods({ spec: {}, status: ready })).toBe(true);
  expect(takesPods({ spec: { taints: [] }, status: ready })).toBe(true);
});

test('a node that is Ready and still tainted takes none', () => {
  const taints = [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }];
  expect(takesPods({ spec: { taints }, status: ready })).toBe(false);
});

test('a node that has not said that it is Ready takes none', () => {
  expect(takesPods({ spec: {}, status: {} })).toBe(false);
  expect(takesPods({ spec: {}, status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } })).toBe(false);
});
