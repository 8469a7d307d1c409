import type { MemoryResult } from '../measure/memory.ts';
import { roles } from '../processes.ts';
import { mebibytes } from '../table.ts';
import { atMost, type Section } from './aim.ts';

const LIMIT_BYTES = 200 * 2 ** 20;

export function memorySection({ stages }: MemoryResult): Section {
  const most = Math.max(...stages.map(({ active, finished }) => Math.max(active, finished)));
  const full = stages.filter(({ active, finished }) => Math.max(active, finished) === most);
  return {
    title: 'Memory: resident set of the largest process, at rest (and at most since the line before)',
    columns: ['active', 'finished', ...roles],
    rows: stages.map(({ active, finished, atRest, atMost: peak }) => [
      `${active}`,
      `${finished}`,
      ...roles.map((role) => `${mebibytes(atRest[role] ?? 0)} (${mebibytes(peak[role] ?? 0)})`),
    ]),
    aims: roles.map((role) =>
      atMost(
        `memory of the ${role} with ${most} active or finished grants, at most`,
        LIMIT_BYTES,
        Math.max(...full.flatMap(({ atRest, atMost: peak }) => [atRest[role] ?? 0, peak[role] ?? 0])),
        mebibytes,
      ),
    ),
  };
}
