/** `npm run bench [-- suite …]`: what the product costs, as ratios to what the same would cost without it. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Argument, Command } from 'commander';
import type { Cluster } from '../cluster/driver.ts';
import { openCluster } from '../cluster/open.ts';
import { createProgress } from '../cluster/progress.ts';
import { defaultKubernetes } from '../cluster/programs.ts';
import { Unmet } from '../cluster/unmet.ts';
import { installProduct } from '../product/install.ts';
import { DESCRIPTIONS, suites } from './plan.ts';
import { aimsOf, renderReport, type Environment, type Results } from './report/report.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Flags {
  json?: string;
  quick?: boolean;
  kubernetes: string;
  name: string;
  keep?: boolean;
}

const program = new Command('bench')
  .description(
    'Measures the product on a real cluster, which is brought up first and taken down afterwards, against a floor that is measured in the same run, and says of each aim whether it was met. It fails only where measuring fails.',
  )
  .addArgument(new Argument('[suites...]', 'which; default: all').choices(suites))
  .addHelpText('after', () => `\nSuites:\n${renderSuites()}`)
  .option('--json <file>', 'write everything that was measured, each sample of it, to a file')
  .option('--quick', 'fewer samples and fewer grants: to see that everything works, not to judge by')
  .option('--kubernetes <version>', 'of the cluster', defaultKubernetes)
  .option('--name <name>', 'of the cluster', 'bench')
  .option('--keep', 'leave the cluster up')
  .showHelpAfterError();
program.parse();
const { json, quick = false, kubernetes, name, keep = false } = program.opts<Flags>();
const chosen = program.args.length > 0 ? program.args : suites;

const progress = createProgress(
  (line) => {
    console.error(line);
  },
  () => performance.now(),
);
try {
  const cluster = await openCluster({ name, progress });
  try {
    await cluster.up({ kubernetes });
    await installProduct(cluster, progress);
    const { environment, results } = await generateLoad(cluster);
    console.log(`\n${renderReport(environment, results)}`);
    if (json !== undefined) {
      await writeFile(json, `${JSON.stringify({ environment, aims: aimsOf(results), results })}\n`);
      progress.say(`everything that was measured is in ${json}`);
    }
  } finally {
    if (!keep) await cluster.down();
  }
} catch (error) {
  console.error(error instanceof Unmet ? error.message : error);
  process.exitCode = 1;
}

function renderSuites(): string {
  const width = Math.max(...suites.map(({ length }) => length));
  return suites.map((suite) => `  ${suite.padEnd(width)}  ${DESCRIPTIONS[suite]}`).join('\n');
}

async function generateLoad(cluster: Cluster): Promise<{ environment: Environment; results: Results }> {
  const directory = await mkdtemp(join(tmpdir(), 'taskgrant-bench-'));
  try {
    const file = join(directory, 'result.json');
    progress.say('the load generator begins, and counts its own time');
    const argv = [process.execPath, 'e2e/bench/load.ts', file, quick ? 'quick' : 'full', ...chosen];
    const { code } = await cluster.run(argv, { cwd: root, stdio: 'inherit' });
    if (code !== 0) throw new Unmet(`The load generator ended with exit code ${code}: see above.`);
    return JSON.parse(await readFile(file, 'utf8')) as { environment: Environment; results: Results };
  } finally {
    await rm(directory, { recursive: true });
  }
}
