import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A mounted cgroup hierarchy: v1 has one for each (set of) controllers, v2 has one for all. */
export interface Hierarchy {
  readonly path: string;
  readonly version: 1 | 2;
}

/** @param mountinfo the content of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
export function hierarchiesIn(mountinfo: string): readonly Hierarchy[] {
  return mountinfo.split('\n').flatMap((line): Hierarchy[] => {
    const [mount, filesystem] = line.split(' - ');
    const path = mount?.split(' ')[4];
    const type = filesystem?.split(' ')[0];
    if (path === undefined || (type !== 'cgroup' && type !== 'cgroup2')) return [];
    return [{ path, version: type === 'cgroup2' ? 2 : 1 }];
  });
}

export function hierarchies(): readonly Hierarchy[] {
  return hierarchiesIn(readFileSync('/proc/self/mountinfo', 'utf8'));
}

/**
 * The hierarchy in which a cluster's processes are kept together, so that they can be found whatever happened to the
 * program that started them. v2 where there is one: nobody else sorts processes in it by controller.
 */
export function tracking(all: readonly Hierarchy[]): Hierarchy {
  const chosen = all.find(({ version }) => version === 2) ?? all[0];
  if (!chosen) throw new Error('no cgroup hierarchy is mounted');
  return chosen;
}

/**
 * Makes the group in every hierarchy, as the kubelet wants to find its `cgroupRoot`: with every controller that there is, and
 * with what the kernel requires before a process can enter a v1 cpuset.
 */
export function createCgroup(name: string): void {
  for (const { path, version } of hierarchies()) {
    if (version === 2) passOnControllers(path);
    const group = join(path, name);
    mkdirSync(group, { recursive: true });
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const inherited = join(path, file);
      const own = join(group, file);
      // v2 has these only below the root, and inherits them when they are empty.
      if (existsSync(inherited) && readFileSync(own, 'utf8').trim() === '')
        writeFileSync(own, readFileSync(inherited));
    }
  }
}

/** The kubelet wants its group to have those of them that the root has: getSupportedUnifiedControllers in pkg/kubelet/cm. */
const kubeletControllers = ['cpu', 'cpuset', 'memory', 'hugetlb', 'pids'];

/** Lets the children of a v2 group have the controllers that it has itself (cgroup-v2, "Enabling and Disabling"). */
function passOnControllers(path: string): void {
  const available = readFileSync(join(path, 'cgroup.controllers'), 'utf8').trim().split(' ');
  for (const controller of kubeletControllers.filter((each) => available.includes(each))) {
    writeFileSync(join(path, 'cgroup.subtree_control'), `+${controller}`);
  }
}

/** The groups under `directory` and itself, children before their parents. */
function groupsUnder(directory: string): readonly string[] {
  const children = ifThere(() => readdirSync(directory, { withFileTypes: true }));
  if (!children) return [];
  const groups = children.filter((entry) => entry.isDirectory());
  return [...groups.flatMap(({ name }) => groupsUnder(join(directory, name))), directory];
}

/** The processes in one group, not in those under it. */
export function processesIn(directory: string): readonly number[] {
  const processes = ifThere(() => readFileSync(join(directory, 'cgroup.procs'), 'utf8')) ?? '';
  return processes.split('\n').filter(Boolean).map(Number);
}

/** The processes in the group of that name and in all groups under it, in any hierarchy. */
export function allProcesses(name: string): readonly number[] {
  const found = hierarchies().flatMap(({ path }) => groupsUnder(join(path, name)).flatMap(processesIn));
  return [...new Set(found)];
}

/** Removes the group of that name and all under it, in every hierarchy. Returns whether that was possible. */
export function removeCgroup(name: string): boolean {
  const busy = hierarchies()
    .flatMap(({ path }) => groupsUnder(join(path, name)))
    .filter((group) => {
      try {
        ifThere(() => {
          rmdirSync(group);
        });
        return false;
      } catch {
        // EBUSY: the kernel has not yet let go of its last process.
        return true;
      }
    });
  return busy.length === 0;
}

/** `undefined` when the group went away before or while it was looked at. */
function ifThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ENOENT', 'ENODEV'].includes(String(error.code)))
      return undefined;
    throw error;
  }
}
