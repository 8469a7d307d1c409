import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withLock } from './lock.ts';
import { createProgress } from './progress.ts';
import { ensurePrograms, programPath } from './programs.ts';
import { describeLocal } from './testing.ts';
import { until } from './until.ts';

describeLocal('programs', () => {
  let cache: string;
  beforeAll(() => {
    cache = mkdtempSync(join(tmpdir(), 'taskgrant-programs-'));
  });
  afterAll(() => {
    rmSync(cache, { recursive: true });
  });

  test('that two need at once are built once, and nothing unfinished is left', async () => {
    const lines: string[] = [];
    const progress = createProgress(
      (line) => lines.push(line),
      () => 0,
    );
    const waiting = () =>
      lines.filter((line) => line.includes('waiting: somebody else is building pause')).length;
    // Held until both want it: by itself, one could have built it before the other comes.
    const both = await withLock(
      join(cache, 'locks', 'pause.lock'),
      () => undefined,
      async () => {
        const building = [1, 2].map(() => ensurePrograms(['pause'], cache, progress));
        await until('both wait', 60, () => waiting() === 2);
        return building;
      },
    );
    const path = programPath('pause', cache);
    await Promise.race(both);
    const built = statSync(path).mtimeMs;
    await Promise.all(both);
    expect(readdirSync(join(path, '..'))).toEqual(['pause']);
    expect(waiting()).toBe(2);
    expect(statSync(path).mtimeMs).toBe(built);
    await ensurePrograms(['pause'], cache, progress);
    expect(statSync(path).mtimeMs).toBe(built);
  });
});
