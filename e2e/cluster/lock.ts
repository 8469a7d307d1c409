import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** `flock` exits with this when the lock is held by somebody else and --nonblock was given. */
const HELD = 75;

/**
 * Takes the lock file's kernel lock, and gives it back when `work` is done or this process dies in whatever way.
 *
 * Node has no flock(2). util-linux' `flock` holds it for as long as its child lives, and that child is a `cat` on a pipe
 * of ours, which ends with us.
 *
 * @param waiting called once if somebody else holds the lock.
 */
export async function withLock<T>(path: string, waiting: () => void, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  const release = await taken(path, waiting);
  try {
    return await work();
  } finally {
    await release();
  }
}

type Release = () => Promise<void>;

async function taken(path: string, waiting: () => void): Promise<Release> {
  try {
    const release = await take(path, true);
    if (release) return release;
    waiting();
    return (await take(path, false)) ?? (() => Promise.reject(new Error(`${path} could not be locked`)));
  } catch (error) {
    // macOS has no flock. Only programs are built there, and what two write at once is renamed into its place whole.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return () => Promise.resolve();
    throw error;
  }
}

function take(path: string, nonblock: boolean): Promise<Release | undefined> {
  const flags = nonblock ? ['--nonblock', '--conflict-exit-code', String(HELD)] : [];
  const holder = spawn('flock', [...flags, path, 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // A Ctrl-C in the terminal is for us to act on, while the lock is still held.
    detached: true,
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    holder.once('error', reject);
    holder.once('close', resolve);
  });
  const held = new Promise<true>((resolve) =>
    holder.stdout.once('data', () => {
      resolve(true);
    }),
  );
  return Promise.race([held, ended]).then((outcome) => {
    if (outcome === true) {
      return async () => {
        holder.stdin.end();
        await ended;
      };
    }
    if (outcome === HELD) return undefined;
    throw new Error(`flock ${path} ended with exit code ${outcome}`);
  });
}
