/** Runs commands, says how each went and how long it took, and fails if any failed. */
import { spawn } from 'node:child_process';

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
  const failed: Failure[] = [];
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
  if (failed.length === 0) {
    console.log(`\nAll of ${names.join(', ')} passed in ${seconds(Date.now() - begun)}.`);
    return;
  }
  // Other lanes may have said thousands of lines since, and a log is often read from its end.
  if (steps.some((step) => 'lanes' in step)) {
    for (const { name, output } of failed) console.log(`\nThe end of ${name}:\n${endOf(output)}`);
  }
  console.log(`\nFailed: ${failed.map(({ name }) => name).join(', ')}.`);
  process.exitCode = 1;
}

/** Lines of a step that failed, which are said once more at the end. */
const END = 60;

function endOf(output: string): string {
  return output.trimEnd().split('\n').slice(-END).join('\n');
}

type Shown = 'live' | 'afterwards';

interface Failure {
  name: string;
  output: string;
}

async function runLane(steps: readonly Step[], shown: Shown): Promise<{ failed: Failure[]; goOn: boolean }> {
  const failed: Failure[] = [];
  for (const { name, command, required } of steps) {
    const started = Date.now();
    const beside = shown === 'live' ? '' : ' (beside the others; what it says follows when it has ended)';
    console.log(`\n▶ ${name}: ${command.join(' ')}${beside}`);
    const { code, output } = await run(command, shown);
    console.log(
      `${shown === 'live' ? '' : output}${code === 0 ? '✔' : '✖'} ${name} (${seconds(Date.now() - started)})`,
    );
    if (code === 0) continue;
    failed.push({ name, output });
    if (required) return { failed, goOn: false };
  }
  return { failed, goOn: true };
}

async function run(
  [program, ...args]: readonly [string, ...string[]],
  shown: Shown,
): Promise<{ code: number; output: string }> {
  // One pipe for both streams, so that their lines stay in order.
  const child = spawn('sh', ['-c', 'exec "$@" 2>&1', 'sh', program, ...args], {
    cwd: new URL('..', import.meta.url),
    stdio: ['ignore', 'pipe', 'inherit'],
    // What sees a pipe says nothing in colour, unless it is told that the pipe ends at a terminal.
    env: { ...process.env, ...(shown === 'live' && process.stdout.isTTY && { FORCE_COLOR: '1' }) },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (said: string) => {
    if (shown === 'live') process.stdout.write(said);
    output += said;
  });
  const code = await new Promise<number>((resolve) => {
    child.on('error', (error) => {
      console.error(error.message);
      resolve(127);
    });
    child.on('close', (exitCode) => {
      resolve(exitCode ?? 1);
    });
  });
  return { code, output };
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
