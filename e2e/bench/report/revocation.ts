import type { RevocationResult } from '../measure/revocation.ts';
import { median, p99 } from '../statistics.ts';
import { milliseconds, times } from '../table.ts';
import { atMost, type Section } from './aim.ts';

export function revocationSection({ rights, identity }: RevocationResult): Section {
  const row = (name: string, floor: readonly number[], grant: readonly number[]): string[] => [
    name,
    `${floor.length} + ${grant.length}`,
    ...[milliseconds(median(floor)), milliseconds(p99(floor))],
    ...[milliseconds(median(grant)), milliseconds(p99(grant))],
    ...[times(median(grant) / median(floor)), times(p99(grant) / p99(floor))],
  ];
  return {
    title:
      'Revocation: the pod’s status Succeeded → first refusal. Floor: the three deleted by a bare client',
    columns: ['refused', 'samples', 'floor p50', 'p99', 'task p50', 'p99', 'p50', 'p99'],
    rows: [
      row('rights (403)', rights.floor.ms, rights.grant.ms),
      row('identity (401)', identity.floor, identity.grant),
    ],
    aims: [
      atMost('first refusal after Succeeded, p50', 25, median(rights.grant.ms), milliseconds),
      atMost('first refusal after Succeeded, p99', 100, p99(rights.grant.ms), milliseconds),
      atMost('401 after Succeeded, the slowest', 11_000, Math.max(...identity.grant), milliseconds),
    ],
  };
}
