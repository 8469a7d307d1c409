/** `npm run e2e [-- suite …]`: every test that needs a cluster, on a real one. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { openCluster } from './cluster/open.ts';
import { createProgress } from './cluster/progress.ts';
import { defaultKubernetes } from './cluster/programs.ts';
import { run } from './cluster/process.ts';
import { Unmet } from './cluster/unmet.ts';
import { failuresOf, type Report } from './failures.ts';
import { installProduct, loadProductImage } from './product/install.ts';
import { SUITES, type Needs } from './suites.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Flags {
  kubernetes: string;
  keep?: boolean;
  name: string;
  update?: boolean;
}

const program = new Command('e2e')
  .description('Tests on a real cluster, which is brought up first and taken down afterwards.')
  .argument('[suites...]', `which; default: ${Object.keys(SUITES).join(', ')}`)
  .option('--kubernetes <version>', 'of the cluster', defaultKubernetes)
  .option('--name <name>', 'of the cluster', 'e2e')
  .option('--keep', 'leave the cluster up')
  .option('--update', 'write what the suites keep in files anew, such as docs/escapes.md')
  .option('-t, --test <pattern>', 'only tests whose name matches')
  .showHelpAfterError();
program.parse();

const progress = createProgress(
  (line) => {
    console.error(line);
  },
  () => performance.now(),
);
try {
  process.exitCode = await main(program.args, program.opts<Flags & { test?: string }>());
} catch (error) {
  if (!(error instanceof Unmet)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function main(
  asked: readonly string[],
  { kubernetes, keep, name, update, test }: Flags & { test?: string },
): Promise<number> {
  const unknown = asked.filter((suite) => !(suite in SUITES));
  if (unknown.length > 0)
    throw new Unmet(`No such suite: ${unknown.join(', ')}. There are ${Object.keys(SUITES).join(', ')}.`);
  const there = await readdir(new URL('.', import.meta.url));
  const wanted = Object.entries(SUITES).filter(
    ([suite]) => there.includes(suite) && (asked.length === 0 || asked.includes(suite)),
  );
  const chosen = wanted.filter(([, { newestOnly }]) => !newestOnly || kubernetes === defaultKubernetes);
  for (const [suite] of wanted.filter((one) => !chosen.includes(one)))
    progress.say(`not on Kubernetes ${kubernetes}, but only on ${defaultKubernetes}: ${suite}`);
  if (chosen.length === 0) throw new Unmet('No suite is left to run.');
  const cluster = await openCluster({ name, progress });
  const failed: string[] = [];
  const failures: string[] = [];
  const reports = await mkdtemp(join(tmpdir(), 'taskgrant-e2e-'));
  let has: Needs = 'nothing';
  try {
    for (const [suite, { needs, programs = [], apart }] of chosen) {
      if (needs !== 'nothing' && has === 'nothing') {
        await cluster.up({ kubernetes });
        has = 'cluster';
      }
      for (const each of programs) await cluster.program(each);
      if (needs === 'image') await loadProductImage(cluster, progress);
      if (needs === 'product' && has !== 'product') {
        await installProduct(cluster, progress);
        has = 'product';
      }
      progress.say(`tests: ${suite}`);
      const report = join(reports, `${suite}.json`);
      const vitest = [
        process.execPath,
        'node_modules/vitest/vitest.mjs',
        'run',
        '--config',
        'e2e/vitest.config.ts',
        '--reporter=verbose',
        '--reporter=json',
        `--outputFile.json=${report}`,
        ...(apart ? ['--fileParallelism', '--maxWorkers=2'] : []),
        ...(update ? ['--update=all'] : []),
        ...(test === undefined ? [] : ['--testNamePattern', test]),
        `e2e/${suite}/`,
      ];
      const options = { cwd: root, stdio: 'inherit' } as const;
      const { code } = needs === 'nothing' ? await run(vitest, options) : await cluster.run(vitest, options);
      if (code === 0) continue;
      failed.push(suite);
      failures.push(...(await failuresIn(report)));
    }
  } finally {
    if (has !== 'nothing' && !keep) await cluster.down();
    await rm(reports, { recursive: true, force: true });
  }
  // Once more, together and last: a suite that failed may have said so a thousand lines ago.
  if (failures.length > 0) console.log(failures.join('\n'));
  progress.say(failed.length > 0 ? `failed: ${failed.join(', ')}` : 'all passed');
  return failed.length > 0 ? 1 : 0;
}

/** No lines where the run ended before it wrote its report. */
async function failuresIn(report: string): Promise<string[]> {
  try {
    return failuresOf(JSON.parse(await readFile(report, 'utf8')) as Report);
  } catch {
    return [];
  }
}
