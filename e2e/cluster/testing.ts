import { spawn } from 'node:child_process';
import type { ChildProcess, ChildProcessByStdio } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { platform } from 'node:process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, vi } from 'vitest';
import { hierarchies, processesIn } from './cgroups.ts';
import { cacheDirectory, layoutOf } from './layout.ts';
import type { Layout } from './layout.ts';
import { currentCluster } from './current.ts';
import { localCluster } from './local.ts';
import type { Cluster, DriverName } from './driver.ts';
import { must, run } from './process.ts';
import type { Outcome } from './process.ts';
import { packageSteps } from './packages.ts';
import { clusterPrograms, ensurePrograms } from './programs.ts';
import { createProgress } from './progress.ts';
import { firstProcess, trackingGroup } from './remains.ts';

// What the tests of local clusters share.

const cache = cacheDirectory(process.env);
const main = fileURLToPath(new URL('main.ts', import.meta.url));

// Local clusters need Linux and root. Where a cluster of another kind is used, there is nothing of these to test.
const able = platform === 'linux' && process.getuid?.() === 0;

/** The first time ever, everything is built. */
const PREPARATION_MS = 60 * 60_000;

/** A cluster comes up in a few seconds on two idle cores. Some tests bring up several, on cores that are not. */
const PATIENCE_MS = 10 * 60_000;

/** Tests of the driver `local`, on a machine that has what it needs. */
export function describeLocal(what: string, tests: () => void): void {
  vi.setConfig({ testTimeout: PATIENCE_MS, hookTimeout: PATIENCE_MS });
  describe.runIf(able)(what, () => {
    beforeAll(prepareMachine, PREPARATION_MS);
    tests();
  });
}

/** Installs and builds what local clusters need, and says so. */
async function prepareMachine(): Promise<void> {
  const progress = createProgress(
    (line) => {
      console.error(line);
    },
    () => performance.now(),
  );
  await progress.run(packageSteps(cache));
  await ensurePrograms(clusterPrograms, cache, progress);
}

export function quietCluster(name: string, driver: 'local' | 'current' = 'local'): Cluster {
  const progress = createProgress(
    () => undefined,
    () => performance.now(),
  );
  return driver === 'local' ? localCluster(name, cache, progress) : currentCluster(name, cache, progress);
}

export function layout(name: string): Layout {
  return layoutOf(cache, name);
}

/** The start of a command line of the command line tool. */
export function toolCommand(name: string, driver: DriverName = 'local'): readonly string[] {
  return [process.execPath, main, '--name', name, '--driver', driver];
}

/** Runs the command line tool to its end. */
export function tool(name: string, ...argv: readonly string[]): Promise<Outcome> {
  return run([...toolCommand(name), ...argv]);
}

/** Starts the command line tool. */
export function startTool(
  name: string,
  ...argv: readonly string[]
): ChildProcessByStdio<null, null, Readable> {
  const [program = '', ...rest] = [...toolCommand(name), ...argv];
  return spawn(program, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/**
 * Starts `up`, and returns when it has said something that contains the text; or when the cluster is up, of which it says less where
 * an `up` that was killed had got so far already.
 */
export async function upUntilItSays(name: string, text: string): Promise<ChildProcess> {
  const child = startTool(name, 'up');
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(text)) resolve();
    });
    // Not its exit: what it said last may be read after that.
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`up ended without saying "${text}":\n${said}`));
    });
  });
  return child;
}

/** Ends a process, unless it has ended by itself meanwhile. */
export async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}

export function firstProcessOf(name: string): number {
  const pid = firstProcess(layout(name));
  if (pid === undefined) throw new Error(`${name} does not run`);
  return pid;
}

/** Ends the processes of the cluster itself whose command line contains the text. */
export function killProcesses(name: string, text: string): void {
  for (const pid of processesOf(name, text)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended with one of the others.
    }
  }
}

/** At least one. */
function processesOf(name: string, text: string): readonly number[] {
  const found = processesIn(trackingGroup(layout(name), 'components')).filter((pid) =>
    commandOf(pid).includes(text),
  );
  if (found.length === 0) throw new Error(`no process of ${name} was started with "${text}"`);
  return found;
}

/** Empty of a process that has ended meanwhile. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** How many commands run in the network of the cluster. */
export function commandsIn(name: string): number {
  return processesIn(trackingGroup(layout(name), 'commands')).length;
}

/** The kernel's names of a process's own network, mount and process namespaces: "net:[4026532288]". */
export function namespacesOf(pid: number): readonly string[] {
  return ['net', 'mnt', 'pid_for_children'].map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`));
}

/** Everything of a cluster that the machine still has: processes, mounts, control groups, links and files. */
export async function traces(name: string, namespaces: readonly string[]): Promise<readonly string[]> {
  const { cgroup, directory } = layout(name);
  const inNamespaces = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        if (!namespacesOf(Number(pid)).some((each) => namespaces.includes(each))) return [];
        // The kernel gives the number of a namespace that is gone to the next one: of a cluster that a test beside
        // this one brings up, whose processes are all in a control group of its own.
        const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
        if (groups.includes('/taskgrant-') && !groups.includes(`/${cgroup}`)) return [];
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return [`process ${pid} in its namespaces: ${command}`];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(directory) || namespaces.some((each) => line.includes(each)));
  const groups = hierarchies().flatMap(({ path }) =>
    readdirSync(path)
      .filter((entry) => entry === cgroup)
      .map((entry) => `control group ${path}/${entry}`),
  );
  const links = (await must(['ip', '-oneline', 'link', 'show']))
    .split('\n')
    .filter((line) => /: (node0|pods0|veth)/.test(line));
  const files = readdirSync(dirname(directory)).filter((entry) => entry === name);
  return [...inNamespaces, ...mounts, ...groups, ...links, ...files];
}

/** Runs a shell script in a new pod of the task image, and returns what it prints. */
export async function output(cluster: Cluster, script: string): Promise<string> {
  const kubectl = async (...argv: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await cluster.run(['kubectl', ...argv]);
    if (code !== 0) throw new Error(`kubectl ${argv.join(' ')}: ${stderr}`);
    return stdout;
  };
  const pod = `pod-${randomUUID()}`;
  const image = ['--image=localhost/taskgrant-task:1', '--image-pull-policy=Never', '--restart=Never'];
  await kubectl('run', pod, ...image, '--', '-c', script);
  await kubectl('wait', `pod/${pod}`, '--for=jsonpath={.status.phase}=Succeeded', '--timeout=120s');
  return kubectl('logs', pod);
}
