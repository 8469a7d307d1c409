import { expect, test } from 'vitest';
import { valueOf } from './processes.ts';

const METRICS = `# HELP process_resident_memory_bytes Resident memory size in bytes.
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes_of_others 7
process_resident_memory_bytes 91230208

leader_election_master_status{name="taskgrant-controller"} 1
`;

test('a metric is found by its whole name, with labels and without', () => {
  expect(valueOf(METRICS, 'process_resident_memory_bytes')).toBe(91_230_208);
  expect(valueOf(METRICS, 'leader_election_master_status')).toBe(1);
});

test('a metric that is not there has no value', () => {
  expect(valueOf(METRICS, 'process_resident_memory')).toBeUndefined();
  expect(valueOf('', 'process_resident_memory_bytes')).toBeUndefined();
});
