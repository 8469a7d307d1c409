import { expect, test } from 'vitest';
import { cacheDirectory, layoutOf } from './layout.ts';
import { Unmet } from './unmet.ts';

test('the cache is where the user says, else in the user’s cache', () => {
  expect(cacheDirectory({ TASKGRANT_CACHE: '/here', XDG_CACHE_HOME: '/xdg', HOME: '/home/x' })).toBe('/here');
  expect(cacheDirectory({ XDG_CACHE_HOME: '/xdg', HOME: '/home/x' })).toBe('/xdg/taskgrant');
  expect(cacheDirectory({ HOME: '/home/x' })).toBe('/home/x/.cache/taskgrant');
});

test('clusters of the same name in two caches have control groups of their own', () => {
  expect(layoutOf('/one', 'dev').cgroup).toMatch(/^taskgrant-dev-[0-9a-f]{6}$/);
  expect(layoutOf('/one', 'dev').cgroup).not.toBe(layoutOf('/two', 'dev').cgroup);
  expect(layoutOf('/one', 'dev').cgroup).toBe(layoutOf('/one', 'dev').cgroup);
});

test.each(['', '.', '..', 'a/b', 'A', '-a', 'a-', 'x'.repeat(41)])('"%s" is refused as a name', (name) => {
  expect(() => layoutOf('/cache', name)).toThrow(Unmet);
});

test('a cache whose path is too long for a socket is refused before anything is written there', () => {
  expect(() => layoutOf(`/${'x'.repeat(90)}`, 'dev')).toThrow('set TASKGRANT_CACHE to a shorter path');
});
