// `npm run cluster -- up|down|status|kubectl|helm|shell|exec`: a real cluster for development and tests.
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { driverNames } from './driver.ts';
import type { Cluster, ClusterStatus } from './driver.ts';
import { cacheDirectory } from './layout.ts';
import { openCluster } from './open.ts';
import { createProgress } from './progress.ts';
import { defaultKubernetes, kubernetesVersions } from './programs.ts';
import { Unmet } from './unmet.ts';

const progress = createProgress(
  (line) => {
    console.error(line);
  },
  () => performance.now(),
);

interface Which {
  readonly name?: string;
  readonly driver?: string;
}

const program = new Command('cluster')
  .description(
    'A real Kubernetes cluster for development and tests. Defaults: the cluster "dev"; kind where a Docker engine answers, else processes of this machine.',
  )
  .option('--name <name>', 'of the cluster; default $TASKGRANT_CLUSTER or "dev"')
  .option(
    '--driver <driver>',
    `${driverNames.join(', ')}; default $TASKGRANT_CLUSTER_DRIVER, or what the machine can do`,
  )
  .enablePositionalOptions()
  .exitOverride();

/** The two options are taken before the command and after it. */
const command = (name: string): Command =>
  program
    .command(name)
    .option('--name <name>', 'of the cluster')
    .option('--driver <driver>', driverNames.join(', '));

/** A command whose arguments are somebody else's. */
const passing = (name: string, description: string): Command =>
  program
    .command(name)
    .description(description)
    .argument('[arguments...]')
    .allowUnknownOption()
    .passThroughOptions()
    .helpOption(false);

const open = (which: Which): Promise<Cluster> =>
  openCluster({ ...program.opts<Which>(), ...which, progress });

interface UpFlags extends Which {
  readonly kubernetes?: string;
  readonly apiServerArg?: string[];
  readonly stepLimit?: number;
}

command('up')
  .description('bring it up, or mend what is broken of it')
  .option('--kubernetes <version>', `local: ${kubernetesVersions().join(', ')}; default ${defaultKubernetes}`)
  .option('--api-server-arg <flag...>', 'a further flag of the API server (local)')
  .option('--step-limit <seconds>', 'how long each step of the start may take (local)', positive)
  .action(async ({ kubernetes, apiServerArg, stepLimit, ...which }: UpFlags) => {
    const cluster = await open(which);
    const came = await cluster.up({
      ...(kubernetes !== undefined && { kubernetes }),
      ...(apiServerArg && { apiServerArgs: apiServerArg }),
      ...(stepLimit !== undefined && { stepLimitSeconds: stepLimit }),
    });
    const words = { made: 'is up', mended: 'is up again', 'was up': 'was up already' };
    progress.say(`the cluster ${cluster.name} ${words[came]}`);
    const name = cluster.name === 'dev' ? '' : `--name ${cluster.name} `;
    progress.say(`go on with: npm run cluster -- ${name}kubectl get pods -A`);
  });

command('down')
  .description('take it down, and leave nothing behind')
  .option('--all', 'every local cluster')
  .action(async ({ all, ...which }: Which & { all?: boolean }) => {
    const clusters = all
      ? await Promise.all(localNames().map((name) => open({ name, driver: 'local' })))
      : [await open(which)];
    for (const cluster of clusters) {
      await cluster.down();
      progress.say(`the cluster ${cluster.name} is down`);
    }
  });

command('status')
  .description('what there is, and what of it does not run')
  .addOption(new Option('-o, --output <format>').choices(['text', 'json']).default('text'))
  .action(async ({ output, ...which }: Which & { output: string }) => {
    const status = await (await open(which)).status();
    if (output === 'json') console.log(JSON.stringify(status, null, 2));
    else console.log(describe(status));
    if (status.state !== 'up') process.exitCode = 1;
  });

for (const name of ['kubectl', 'helm']) {
  passing(name, `run ${name} as admin`).action((argv: string[]) => runInside([name, ...argv]));
}
passing('exec', 'run a command with its KUBECONFIG and in its network').action(runInside);
program
  .command('shell')
  .description('a shell with its KUBECONFIG, in its network')
  .action(() => runInside([process.env['SHELL'] ?? 'sh']));

async function runInside(argv: readonly string[]): Promise<void> {
  if (argv.length === 0) throw new Unmet('Say what to run: npm run cluster -- exec -- COMMAND ARGUMENTS');
  const cluster = await open({});
  // The terminal sends a Ctrl-C to the command as well: what it makes of it is its exit code. SIGTERM is sent to us alone.
  process.on('SIGINT', () => undefined);
  const terminated = new AbortController();
  process.once('SIGTERM', () => {
    terminated.abort();
  });
  process.exitCode = (await cluster.run(argv, { stdio: 'inherit', signal: terminated.signal })).code;
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new InvalidArgumentError('It has to be a positive number.');
  return number;
}

function localNames(): readonly string[] {
  try {
    return readdirSync(join(cacheDirectory(process.env), 'clusters'));
  } catch {
    return [];
  }
}

function describe({
  name,
  driver,
  state,
  kubernetes,
  kubeconfig,
  logs,
  components = [],
}: ClusterStatus): string {
  return [
    `${name} (${driver}): ${state}${kubernetes === undefined ? '' : `, Kubernetes ${kubernetes}`}`,
    ...(kubeconfig === undefined ? [] : [`  kubeconfig  ${kubeconfig}`]),
    ...(logs === undefined ? [] : [`  logs        ${logs}`]),
    ...components.flatMap((component) => [
      `  ${component.name.padEnd(24)}${component.state}${component.ended === undefined ? '' : `, ${component.ended}`}`,
      ...(component.logTail ?? []).map((line) => `    | ${line}`),
    ]),
  ].join('\n');
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode;
  } else {
    console.error(
      error instanceof Unmet ? error.message : error instanceof Error ? error.message : String(error),
    );
    process.exitCode = 1;
  }
}
