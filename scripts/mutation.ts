/**
 * `npm run mutation`: changes src/core/identity and src/core/envelope in thousands of small ways, each of which a test has to
 * notice, and writes how many were noticed into docs/quality.md.
 */
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { takesNoArguments } from './arguments.ts';
import { mutationTable, type MutationReport } from './mutation/report.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const REPORT = `${root}dist/mutation/report.json`;
const PAGE = `${root}docs/quality.md`;

takesNoArguments(
  'mutation',
  'Mutation tests of src/core/identity and src/core/envelope, with Stryker, which take about half an hour the first time; writes the table in docs/quality.md.',
);

const { status } = spawnSync('stryker', ['run', 'scripts/mutation/stryker.config.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (status !== 0) {
  console.error('Stryker did not get to its end: see above. The unit tests have to pass before.');
  process.exit(1);
}
const report = JSON.parse(await readFile(REPORT, 'utf8')) as MutationReport;
const page = await readFile(PAGE, 'utf8');
const [before, , after] = page.split(/<!-- mutation:[a-z]+ -->\n?/u);
if (before === undefined || after === undefined)
  throw new Error(`${PAGE} has no place for the table, between two comments`);
const table = mutationTable(report);
await writeFile(PAGE, `${before}<!-- mutation:begin -->\n\n${table}\n<!-- mutation:end -->\n${after}`);
console.log(table);
