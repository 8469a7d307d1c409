import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProgress } from './progress.ts';
import { ensurePrograms, programPath } from './programs.ts';
import { describeLocal } from './testing.ts';

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
    await Promise.all([
      ensurePrograms(['pause'], cache, progress),
      ensurePrograms(['pause'], cache, progress),
    ]);
    const path = programPath('pause', cache);
    expect(readdirSync(join(path, '..'))).toEqual(['pause']);
    expect(lines.filter((line) => line.includes('waiting: somebody else is building pause'))).toHaveLength(1);
    const built = statSync(path).mtimeMs;
    await ensurePrograms(['pause'], cache, progress);
    expect(statSync(path).mtimeMs).toBe(built);
  });
});
