import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DriverName } from './driver.ts';
import { run } from './process.ts';
import { describeLocal, toolCommand } from './testing.ts';

describeLocal('a machine that lacks something is told in one sentence:', () => {
  let cache = '';
  beforeAll(() => {
    cache = mkdtempSync(join(tmpdir(), 'taskgrant-empty-'));
    chmodSync(cache, 0o777);
  });
  afterAll(() => {
    // Not there where the machine could not be prepared.
    if (cache !== '') rmSync(cache, { recursive: true });
  });

  const told = async (
    before: readonly string[],
    driver: DriverName,
    env: Record<string, string>,
  ): Promise<string> => {
    const outcome = await run([...before, ...toolCommand('test-lack', driver), 'up'], {
      env: { TASKGRANT_CACHE: cache, ...env },
    });
    expect(outcome.code).toBe(1);
    return outcome.stderr;
  };

  test('no root', async () => {
    expect(await told(['setpriv', '--reuid=65534', '--clear-groups'], 'local', {})).toMatch(
      /^A local cluster needs root, for namespaces and mounts: run this as root\. .*\n$/,
    );
  });

  test('no Go', async () => {
    expect(await told([], 'local', { PATH: '/usr/bin:/bin' })).toBe(
      'Go 1.26.6 or newer is needed to build the cluster\'s programs, and there is no "go" on the PATH.\n',
    );
  });

  test('a Go that is too old', async () => {
    const old = join(cache, 'go');
    writeFileSync(
      old,
      '#!/bin/sh\necho "go: go.mod requires go >= 1.26.0 (running go 1.25.1; GOTOOLCHAIN=local)" >&2; exit 1\n',
    );
    chmodSync(old, 0o755);
    expect(await told([], 'local', { PATH: `${cache}:/usr/bin:/bin` })).toBe(
      "Go 1.26.6 or newer is needed to build the cluster's programs: go: go.mod requires go >= 1.26.0 (running go 1.25.1; GOTOOLCHAIN=local)\n",
    );
  });

  test('no kind', async () => {
    expect(await told([], 'kind', { PATH: '/usr/bin:/bin' })).toMatch(
      /^The driver "kind" needs the kind command, and there is none on the PATH: .*\n$/,
    );
  });

  test('a cache where the cluster cannot see it', async () => {
    expect(await told([], 'local', { TASKGRANT_CACHE: '/var/lib/cache' })).toBe(
      'A local cluster has a /var/lib of its own: set TASKGRANT_CACHE to a path that is not in it.\n',
    );
  });
});
