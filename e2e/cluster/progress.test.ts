import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createProgress, duration } from './progress.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function recorded(): { lines: string[]; progress: ReturnType<typeof createProgress> } {
  const lines: string[] = [];
  const progress = createProgress(
    (line) => lines.push(line),
    () => performance.now(),
  );
  return { lines, progress };
}

const taking = (seconds: number) => () => vi.advanceTimersByTimeAsync(seconds * 1000).then(() => undefined);

test('each step says when it began, which one it is, how long it takes, and what is left in all', async () => {
  const { lines, progress } = recorded();
  await progress.run([
    { doing: 'building etcd', seconds: 21, work: taking(20) },
    { doing: 'building helm', seconds: 78, work: taking(80) },
  ]);
  progress.say('done');
  expect(lines.filter((line) => !line.includes('still'))).toEqual([
    '[ 0:00] building etcd (1 of 2): about 21 s, 99 s left in all',
    '[ 0:20] building helm (2 of 2): about 78 s',
    '[ 1:40] done',
  ]);
});

test('a long step says every half minute that it is still at it', async () => {
  const { lines, progress } = recorded();
  await progress.run([{ doing: 'building kube-apiserver', seconds: 213, work: taking(65) }]);
  expect(lines.slice(1)).toEqual([
    '[ 0:30] still building kube-apiserver: 30 s of about 3 min 33 s',
    '[ 1:00] still building kube-apiserver: 60 s of about 3 min 33 s',
  ]);
});

test('a step that fails ends the run, and says nothing any more', async () => {
  const { lines, progress } = recorded();
  const fails = { doing: 'failing', seconds: 1, work: () => Promise.reject(new Error('no')) };
  const never = { doing: 'going on', seconds: 1, work: taking(1) };
  await expect(progress.run([fails, never])).rejects.toThrow('no');
  await vi.advanceTimersByTimeAsync(120_000);
  expect(lines).toEqual(['[ 0:00] failing (1 of 2): about 1 s, 2 s left in all']);
});

test.each([
  [0.4, '0 s'],
  [99, '99 s'],
  [120, '2 min'],
  [213, '3 min 33 s'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
