import { expect, test } from 'vitest';
import { hierarchiesIn, tracking } from './cgroups.ts';

const hybrid = `\
22 26 0:20 / /sys rw,nosuid - sysfs sysfs rw
28 22 0:25 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
29 28 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
30 28 0:27 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`;

test('hierarchies of both versions are found among the mounts', () => {
  expect(hierarchiesIn(hybrid)).toEqual([
    { path: '/sys/fs/cgroup/cpu,cpuacct', version: 1 },
    { path: '/sys/fs/cgroup/unified', version: 2 },
  ]);
});

test('processes are kept together in v2 where there is one, else in whatever there is', () => {
  expect(tracking(hierarchiesIn(hybrid)).path).toBe('/sys/fs/cgroup/unified');
  expect(tracking([{ path: '/sys/fs/cgroup/pids', version: 1 }]).path).toBe('/sys/fs/cgroup/pids');
  expect(() => tracking([])).toThrow('no cgroup hierarchy is mounted');
});
