import { beforeEach, describe, expect, test } from 'vitest';
import type { Stored } from '../api/kubernetes.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import { aGrant } from '../core/testing/builders.ts';
import { createGrantView, type GrantView } from './grant-view.ts';

const KEY = 'agents/summarise-4711';

function version(resourceVersion: string): Stored<TaskGrant> {
  const grant = aGrant();
  return { ...grant, metadata: { ...grant.metadata, resourceVersion } };
}

let cached: Stored<TaskGrant> | undefined;
let view: GrantView;
const wrote = (before: string, after: string) => {
  view.wrote(KEY, version(before), version(after));
};
const seen = () => view.get(KEY)?.metadata.resourceVersion;

beforeEach(() => {
  cached = version('1');
  view = createGrantView({ get: () => cached });
});

describe('a grant is seen', () => {
  test('as the cache has it, while this process has written nothing', () => {
    expect(seen()).toBe('1');
  });

  test('as this process wrote it, until the cache hears of that', () => {
    wrote('1', '2');
    expect(seen()).toBe('2');
    cached = version('2');
    expect(seen()).toBe('2');
  });

  test('as the last of several writes left it, whichever of them the cache has reached', () => {
    wrote('1', '2');
    wrote('2', '3');
    for (const behind of ['1', '2']) {
      cached = version(behind);
      expect(seen()).toBe('3');
    }
  });

  test('as somebody wrote it after this process did', () => {
    wrote('1', '2');
    cached = version('7');
    expect(seen()).toBe('7');
    cached = version('8');
    expect(seen()).toBe('8');
  });

  test('as gone, when it is gone', () => {
    wrote('1', '2');
    cached = undefined;
    expect(seen()).toBeUndefined();
  });

  test('as the API server said when it was asked, until the cache has caught up with that', async () => {
    wrote('1', '2');
    await view.refresh(KEY, () => Promise.resolve(version('5')));
    for (const behind of ['1', '2']) {
      cached = version(behind);
      expect(seen()).toBe('5');
    }
    cached = version('5');
    expect(seen()).toBe('5');
    cached = version('6');
    expect(seen()).toBe('6');
  });

  test('as it was written on what the API server said, while the cache is behind both', async () => {
    await view.refresh(KEY, () => Promise.resolve(version('2')));
    wrote('2', '3');
    wrote('3', '4');
    expect(seen()).toBe('4');
    cached = version('2');
    expect(seen()).toBe('4');
  });

  test('as gone, when the API server says so and the cache does too', async () => {
    await view.refresh(KEY, () => Promise.resolve(undefined));
    cached = undefined;
    expect(seen()).toBeUndefined();
  });

  test('as the cache has it, when the cache was faster than the answer to the write', () => {
    cached = version('2');
    wrote('1', '2');
    expect(seen()).toBe('2');
    cached = version('3');
    expect(seen()).toBe('3');
  });

  test('as somebody wrote it later, when the cache had heard of that before the answer to the write came', () => {
    cached = version('3');
    wrote('1', '2');
    expect(seen()).toBe('3');
  });
});

test('versions are not compared by size: a smaller one may be newer', () => {
  cached = version('900');
  wrote('900', '1000');
  expect(seen()).toBe('1000');
  cached = version('50');
  expect(seen()).toBe('50');
});
