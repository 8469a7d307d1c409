import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withLock } from './lock.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'taskgrant-lock-'));
  path = join(directory, 'locks', 'it.lock');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const nobody = (): void => {
  throw new Error('somebody holds the lock');
};

test('one waits for the other, and is told so once', async () => {
  const order: string[] = [];
  let release: (() => void) | undefined;
  const held = new Promise<void>((taken) => {
    void withLock(path, nobody, async () => {
      taken();
      await new Promise<void>((resolve) => (release = resolve));
      order.push('first');
    });
  });
  await held;
  await withLock(
    path,
    () => {
      order.push('waiting');
      release?.();
    },
    () => Promise.resolve(order.push('second')),
  );
  expect(order).toEqual(['waiting', 'first', 'second']);
});

test('work that fails gives the lock back', async () => {
  await expect(withLock(path, nobody, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(withLock(path, nobody, () => Promise.resolve('free'))).resolves.toBe('free');
});

test('a holder that is killed gives the lock back', async () => {
  const lock = new URL('lock.ts', import.meta.url).href;
  const program = `import { withLock } from ${JSON.stringify(lock)};
    await withLock(${JSON.stringify(path)}, () => {}, () => new Promise(() => { console.log('held'); setInterval(() => {}, 1000); }));`;
  const holder = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  let waited = false;
  const taken = withLock(
    path,
    () => {
      waited = true;
      holder.kill('SIGKILL');
    },
    () => Promise.resolve('free'),
  );
  await expect(taken).resolves.toBe('free');
  expect(waited).toBe(true);
});
