import { expect, test } from 'vitest';
import { must, run } from './process.ts';

test('a command is given its input, and its output and exit code are returned', async () => {
  const outcome = await run(['sh', '-c', 'cat; echo "$WORD" >&2; exit 3'], {
    input: 'in',
    env: { WORD: 'out' },
  });
  expect(outcome).toEqual({ code: 3, stdout: 'in', stderr: 'out\n' });
});

test('a command that a signal ended has the exit code that a shell reports', async () => {
  expect((await run(['sh', '-c', 'kill -KILL $$'])).code).toBe(137);
});

test('a command that is aborted is ended, and reports so', async () => {
  const abort = new AbortController();
  const outcome = run(['sleep', '60'], { signal: abort.signal });
  abort.abort();
  expect((await outcome).code).toBe(143);
});

test('a command that does not exist is an error, not an exit code', async () => {
  await expect(run(['/does/not/exist'])).rejects.toMatchObject({ code: 'ENOENT' });
});

test('where success is expected, a failure says which command, and what it said', async () => {
  await expect(must(['sh', '-c', 'echo because >&2; exit 1'])).rejects.toThrow(
    /sh -c .* exit code 1\nbecause/,
  );
});
