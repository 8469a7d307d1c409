import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { allProcesses, hierarchies, processesIn, removeCgroup, tracking } from './cgroups.ts';
import type { Layout } from './layout.ts';
import type { Progress } from './progress.ts';
import { until } from './until.ts';

/** From SIGKILL until the kernel has taken down every process of a cluster. It takes under a second on an idle machine. */
const DEATH_LIMIT_SECONDS = 120;

/** The control group that holds the cluster's own processes, or the commands that run in its network. */
export function trackingGroup({ cgroup }: Layout, part: 'components' | 'commands'): string {
  return join(tracking(hierarchies()).path, cgroup, part);
}

/** The start of a command line that enters the control group before it becomes the command that follows. */
export function entering(group: string): readonly string[] {
  return ['sh', '-c', 'echo $$ >"$0" && exec "$@"', join(group, 'cgroup.procs')];
}

/**
 * The first process of the cluster's namespaces, as numbered here, or `undefined` when there is none. It is found by its
 * control group, and so also when the program that started it died before it could write anything down.
 */
export function firstProcess(layout: Layout): number | undefined {
  return processesIn(trackingGroup(layout, 'components')).find(isFirstInNamespace);
}

function isFirstInNamespace(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    // Its numbers in the nested namespaces from ours inwards: two of them, and the inner one is 1 (proc_pid_status(5)).
    const numbers = /^NSpid:\t(.*)$/m.exec(status)?.[1]?.split('\t');
    return numbers?.length === 2 && numbers[1] === '1';
  } catch {
    // It has ended meanwhile.
    return false;
  }
}

/** Whether there is anything of the cluster, running or not. */
export function remains(layout: Layout): boolean {
  return (
    existsSync(layout.directory) || hierarchies().some(({ path }) => existsSync(join(path, layout.cgroup)))
  );
}

/** Ends every process of the cluster, and waits until the last one is gone. Namespaces and mounts go with them. */
export async function end(layout: Layout, progress: Progress): Promise<void> {
  const commands = processesIn(trackingGroup(layout, 'commands')).length;
  if (commands > 0)
    progress.say(`ending ${commands} commands that still run in the network of ${layout.name}`);
  await until(`no process of ${layout.name} is left`, DEATH_LIMIT_SECONDS, () => {
    const left = allProcesses(layout.cgroup);
    left.forEach(killIfThere);
    return left.length === 0;
  });
  await until(`no control group of ${layout.name} is left`, DEATH_LIMIT_SECONDS, () =>
    removeCgroup(layout.cgroup),
  );
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** Ends the cluster, and deletes its files. */
export async function remove(layout: Layout, progress: Progress): Promise<void> {
  await end(layout, progress);
  rmSync(layout.directory, { recursive: true, force: true });
}
