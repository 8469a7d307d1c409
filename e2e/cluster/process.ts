import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** What a finished command left: the exit code as a shell reports it (128 + n after signal n) and its output. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the environment that the command gets anyway. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to the command's standard input. Not with `stdio: 'inherit'`. */
  readonly input?: string | Buffer;
  /** `inherit`: the terminal is the command's, and `stdout` and `stderr` of the outcome are empty. Default: capture. */
  readonly stdio?: 'capture' | 'inherit';
  /** Kills the command (SIGTERM) when it aborts. */
  readonly signal?: AbortSignal;
}

/** The exit code of a shell for a process that ended so. */
export function exitCode(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? (signal ? 128 + constants.signals[signal] : 1);
}

/**
 * Runs a command to its end.
 *
 * @throws the spawn error (ENOENT, EACCES) when it cannot be started; never because of its exit code.
 */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const [program, ...rest] = argv;
  if (program === undefined) throw new TypeError('run: empty argv');
  const inherit = options.stdio === 'inherit';
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, {
      stdio: inherit ? 'inherit' : ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      ...(options.signal && { signal: options.signal }),
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    // A command that does not read its input to the end closes the pipe: its exit code says what came of it.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input);
    child.once('error', (error) => {
      // Of an aborted command the exit code tells.
      if (error.name !== 'AbortError') reject(error);
    });
    child.once('close', (code, signal) => {
      resolve({
        code: exitCode(code, signal),
        stdout: Buffer.concat(stdout).toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8'),
      });
    });
  });
}

/**
 * Runs a command that is expected to succeed, and returns its standard output.
 *
 * @throws Error with the command line, the exit code and its output when it fails.
 */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const outcome = await run(argv, options);
  if (outcome.code !== 0) {
    const said = [outcome.stderr, outcome.stdout].map((text) => text.trim()).filter(Boolean);
    throw new Error([`${argv.join(' ')} failed with exit code ${outcome.code}`, ...said].join('\n'));
  }
  return outcome.stdout;
}
