/** Runs commands one after the other, says how each went and how long it took, and fails if any failed. */
import { spawn } from 'node:child_process';

export interface Step {
  name: string;
  /** A program of node_modules/.bin (or of the PATH) and its arguments, run in the root of the repository. */
  command: [string, ...string[]];
  /** Do not go on to the next steps where this one fails. */
  required?: boolean;
}

/** Sets process.exitCode to 1 where a step failed. */
export async function runSteps(steps: readonly Step[]): Promise<void> {
  const failed: string[] = [];
  const begun = Date.now();
  for (const { name, command, required } of steps) {
    const started = Date.now();
    console.log(`\n▶ ${name}: ${command.join(' ')}`);
    const code = await run(command);
    console.log(`${code === 0 ? '✔' : '✖'} ${name} (${seconds(Date.now() - started)})`);
    if (code !== 0) {
      failed.push(name);
      if (required) break;
    }
  }
  console.log(
    failed.length === 0
      ? `\nAll of ${steps.map(({ name }) => name).join(', ')} passed in ${seconds(Date.now() - begun)}.`
      : `\nFailed: ${failed.join(', ')}.`,
  );
  if (failed.length > 0) process.exitCode = 1;
}

function run([program, ...args]: [string, ...string[]]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: new URL('..', import.meta.url), stdio: 'inherit' });
    child.on('error', (error) => {
      console.error(error.message);
      resolve(127);
    });
    child.on('exit', (code) => {
      resolve(code ?? 1);
    });
  });
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
