/** Runs commands, says how each went and how long it took, and fails if any failed. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface Step {
  name: string;
  /** A program of node_modules/.bin (or of the PATH) and its arguments, run in the root of the repository. */
  command: readonly [string, ...string[]];
  /** Do not go on to the next steps where this one fails. */
  required?: boolean;
}

/**
 * Lanes of steps, at the same time. What the first one says is seen as it says it; a step of the others says everything
 * when it has ended, so that lines of two do not mix.
 */
export interface Lanes {
  lanes: readonly (readonly Step[])[];
}

/** One after the other. Sets process.exitCode to 1 where a step failed. */
export async function runSteps(steps: readonly (Step | Lanes)[]): Promise<void> {
  const failed: string[] = [];
  const begun = Date.now();
  for (const step of steps) {
    const lanes = 'lanes' in step ? step.lanes : [[step]];
    const results = await Promise.all(
      lanes.map((lane, index) => runLane(lane, index === 0 ? 'live' : 'afterwards')),
    );
    failed.push(...results.flatMap((result) => result.failed));
    if (results.some(({ goOn }) => !goOn)) break;
  }
  const names = steps
    .flatMap((step) => ('lanes' in step ? step.lanes.flat() : [step]))
    .map(({ name }) => name);
  console.log(
    failed.length === 0
      ? `\nAll of ${names.join(', ')} passed in ${seconds(Date.now() - begun)}.`
      : `\nFailed: ${failed.join(', ')}.`,
  );
  if (failed.length > 0) process.exitCode = 1;
}

type Shown = 'live' | 'afterwards';

async function runLane(steps: readonly Step[], shown: Shown): Promise<{ failed: string[]; goOn: boolean }> {
  const failed: string[] = [];
  for (const { name, command, required } of steps) {
    const started = Date.now();
    const beside = shown === 'live' ? '' : ' (beside the others; what it says follows when it has ended)';
    console.log(`\n▶ ${name}: ${command.join(' ')}${beside}`);
    const { code, output } = await run(command, shown);
    console.log(`${output}${code === 0 ? '✔' : '✖'} ${name} (${seconds(Date.now() - started)})`);
    if (code === 0) continue;
    failed.push(name);
    if (required) return { failed, goOn: false };
  }
  return { failed, goOn: true };
}

async function run(
  [program, ...args]: readonly [string, ...string[]],
  shown: Shown,
): Promise<{ code: number; output: string }> {
  // One pipe for both streams, so that their lines stay in order.
  const [file, ...rest] =
    shown === 'live' ? [program, ...args] : ['sh', '-c', 'exec "$@" 2>&1', 'sh', program, ...args];
  const child = spawn(file, rest, {
    cwd: new URL('..', import.meta.url),
    stdio: shown === 'live' ? 'inherit' : ['ignore', 'pipe', 'inherit'],
  });
  const said = child.stdout ? text(child.stdout) : Promise.resolve('');
  const code = await new Promise<number>((resolve) => {
    child.on('error', (error) => {
      console.error(error.message);
      resolve(127);
    });
    child.on('exit', (exitCode) => {
      resolve(exitCode ?? 1);
    });
  });
  return { code, output: await said };
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
