/** What a mutation report says, as a table (github.com/stryker-mutator/mutation-testing-elements, report schema 2). */

export interface MutationReport {
  files: Readonly<Record<string, { mutants: readonly { status: MutantStatus }[] }>>;
}

type MutantStatus =
  'Killed' | 'Survived' | 'NoCoverage' | 'Timeout' | 'CompileError' | 'RuntimeError' | 'Ignored' | 'Pending';

const NOTICED: readonly MutantStatus[] = ['Killed', 'Timeout'];
const UNNOTICED: readonly MutantStatus[] = ['Survived', 'NoCoverage'];

interface Count {
  noticed: number;
  unnoticed: number;
}

/** A row for each folder, and one for each file of which something was not noticed. */
export function mutationTable({ files }: MutationReport): string {
  const counts = Object.entries(files).map(([file, { mutants }]) => [file, countOf(mutants)] as const);
  const folders = [...Map.groupBy(counts, ([file]) => file.slice(0, file.lastIndexOf('/')))].map(
    ([folder, inFolder]) => [folder, sum(inFolder.map(([, count]) => count))] as const,
  );
  const incomplete = counts.filter(([, { unnoticed }]) => unnoticed > 0);
  const rows = [...folders.toSorted(byName), ...incomplete.toSorted(byName)];
  return [
    '| Where | Mutants | Noticed | Survived |',
    '| --- | --- | --- | --- |',
    ...rows.map(([name, count]) => {
      const all = count.noticed + count.unnoticed;
      return `| \`${name}\` | ${all} | ${percent(count.noticed, all)} | ${count.unnoticed} |`;
    }),
    '',
  ].join('\n');
}

function countOf(mutants: readonly { status: MutantStatus }[]): Count {
  const among = (statuses: readonly MutantStatus[]) =>
    mutants.filter(({ status }) => statuses.includes(status)).length;
  return { noticed: among(NOTICED), unnoticed: among(UNNOTICED) };
}

function sum(counts: readonly Count[]): Count {
  return counts.reduce((a, b) => ({
    noticed: a.noticed + b.noticed,
    unnoticed: a.unnoticed + b.unnoticed,
  }));
}

function byName([a]: readonly [string, Count], [b]: readonly [string, Count]): number {
  return a < b ? -1 : 1;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '' : `${((100 * part) / whole).toFixed(1)} %`;
}
