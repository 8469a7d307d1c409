import { spawn } from 'node:child_process';
import type { Outcome } from '../grant/testbed.ts';

/** A CronJob makes its first pod within a minute, and says so when the machine gets to it: dozens of pods start meanwhile. */
const PATIENCE_MS = 240_000;

interface Meanwhile {
  /** Written to its input, which stays open. */
  types?: string;
  /** Done as soon as the output matches, while the command still runs; the answer is the outcome's output. */
  then?: (match: RegExpExecArray) => Promise<string>;
  signal?: AbortSignal;
}

/**
 * Runs a command of kubectl that goes on by itself (a watch, a connection) until its output matches or it ends, and then ends
 * it. The code is 0 only where it matched.
 *
 * @throws the signal's reason where it was aborted
 */
export function kubectlUntil(
  pattern: RegExp,
  args: readonly string[],
  { types = '', then, signal }: Meanwhile = {},
): Promise<Outcome> {
  const child = spawn('kubectl', args, { timeout: PATIENCE_MS, ...(signal && { signal }) });
  let [stdout, stderr] = ['', ''];
  return new Promise((resolve, reject) => {
    let answer: Promise<string> | undefined;
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      const match = answer ? null : pattern.exec(stdout);
      if (!match) return;
      answer = then ? then(match) : Promise.resolve(stdout);
      answer.catch(reject).finally(() => child.kill());
    });
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    // A command that is refused ends before it has read what is typed.
    child.stdin.on('error', () => undefined);
    child.stdin.write(types);
    child.on('error', reject);
    child.on('close', (code) => {
      if (!answer) resolve({ code: code === 0 ? 1 : (code ?? 1), stdout, stderr });
      else
        answer.then((text) => {
          resolve({ code: 0, stdout: text, stderr });
        }, reject);
    });
  });
}
