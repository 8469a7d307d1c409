import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { platform } from 'node:process';
import type { ComponentName } from './components.ts';
import { act, clusterStateAt } from './control.ts';
import type { Action, ClusterState } from './control.ts';
import type { Cluster, ClusterStatus, UpOptions, UpOutcome } from './driver.ts';
import { layoutOf } from './layout.ts';
import type { Layout } from './layout.ts';
import { withLock } from './lock.ts';
import { logTail } from './logs.ts';
import { privateDirectories } from './namespace.ts';
import { packageSteps, systemPath } from './packages.ts';
import { must, run } from './process.ts';
import {
  clusterPrograms,
  defaultKubernetes,
  ensurePrograms,
  pinnedKubernetes,
  programPath,
  programSteps,
} from './programs.ts';
import type { Program } from './programs.ts';
import type { Progress } from './progress.ts';
import { entering, firstProcess, remains, remove, trackingGroup } from './remains.ts';
import { readSpecification } from './specification.ts';
import type { Specification } from './specification.ts';
import { followStart, launch, prepare } from './start.ts';
import { Unmet } from './unmet.ts';

/** How long each step of the start may take. On two idle cores the slowest takes under three seconds. */
const DEFAULT_STEP_LIMIT_SECONDS = 90;

/**
 * Real Kubernetes as processes of this machine, in namespaces of their own. Needs Linux and root.
 *
 * Nothing is remembered about a cluster but its files: whether it runs is looked up in its control group, so that whatever was
 * killed at whatever moment, `up` and `down` find what there is.
 */
export function localCluster(name: string, cache: string, progress: Progress): Cluster {
  const layout = layoutOf(cache, name);

  const locked = <T>(work: () => Promise<T>): Promise<T> => {
    const waiting = (): void => {
      progress.say(`waiting: another up or down of ${name} is at work`);
    };
    return withLock(join(cache, 'locks', `cluster-${name}.lock`), waiting, work);
  };

  async function up(asked: UpOptions = {}): Promise<UpOutcome> {
    requireMachine(cache);
    const options =
      asked.kubernetes === undefined ? asked : { ...asked, kubernetes: pinnedKubernetes(asked.kubernetes) };
    return locked(async () => {
      const running = await stateOf(layout);
      if (running && running.phase !== 'failed') {
        requireSame(name, running, options);
        if (running.phase === 'starting') {
          await followStart(layout, progress);
          return 'made';
        }
        return (await mend(layout, running, progress)) ? 'mended' : 'was up';
      }
      if (remains(layout)) {
        progress.say(`removing what is left of an earlier ${name}`);
        await remove(layout, progress);
      }
      await make(options);
      return 'made';
    });
  }

  async function make({
    kubernetes = defaultKubernetes,
    apiServerArgs = [],
    stepLimitSeconds = DEFAULT_STEP_LIMIT_SECONDS,
  }: UpOptions): Promise<void> {
    const program = (each: Program): string => programPath(each, cache, kubernetes);
    const start = async (): Promise<void> => {
      const specification = await prepare(layout, { kubernetes, apiServerArgs, stepLimitSeconds, program });
      await launch(layout, specification);
      await followStart(layout, progress);
    };
    await progress.run([
      ...packageSteps(cache),
      ...(await programSteps(clusterPrograms, cache, progress, kubernetes)),
      { doing: `starting Kubernetes ${kubernetes}`, seconds: 5, work: start },
    ]);
  }

  /** The process whose network commands share, and what the cluster is made of. */
  function inside(): { readonly first: number; readonly specification: Specification } {
    const first = firstProcess(layout);
    if (first === undefined) {
      throw new Unmet(`The cluster ${name} is not up: npm run cluster -- up --name ${name}`);
    }
    return { first, specification: readSpecification(layout.specification) };
  }

  const component = (action: Action) => (each: ComponentName) => act(layout.control, each, action);

  return {
    driver: 'local',
    name,
    kubeconfig: layout.kubeconfig,
    up,
    async down() {
      requireMachine(cache);
      requireOutside(layout);
      await locked(() => remove(layout, progress));
    },
    status: () => status(layout),
    async run(argv, options = {}) {
      const { first, specification } = inside();
      // `down` finds by this control group what still uses the network.
      const enter = [
        ...entering(trackingGroup(layout, 'commands')),
        'nsenter',
        '--target',
        `${first}`,
        '--net',
      ];
      return run([...enter, '--', ...argv], {
        ...options,
        env: {
          PATH: [...specification.commands, process.env['PATH'] ?? systemPath].join(delimiter),
          KUBECONFIG: layout.kubeconfig,
          KUBECACHEDIR: layout.kubectlCache,
          TASKGRANT_CLUSTER: name,
          TASKGRANT_CLUSTER_DRIVER: 'local',
          ...options.env,
        },
      });
    },
    async loadImage(archive) {
      const { specification } = inside();
      await must([specification.ctr, '-a', layout.containerd, '-n', 'k8s.io', 'images', 'import', archive]);
    },
    async program(each) {
      const kubernetes =
        firstProcess(layout) === undefined ? defaultKubernetes : inside().specification.kubernetes;
      await ensurePrograms([each], cache, progress, kubernetes);
      return programPath(each, cache, kubernetes);
    },
    local: {
      logs: layout.logs,
      pause: component('pause'),
      resume: component('resume'),
      kill: component('kill'),
      start: component('start'),
      restart: component('restart'),
    },
  };
}

/** @throws Unmet with what the machine lacks. */
function requireMachine(cache: string): void {
  const instead =
    'Otherwise use --driver current with a cluster that you have, or --driver kind with a Docker engine.';
  if (platform !== 'linux')
    throw new Unmet(`A local cluster needs Linux, and this is ${platform}. ${instead}`);
  if (process.getuid?.() !== 0) {
    throw new Unmet(`A local cluster needs root, for namespaces and mounts: run this as root. ${instead}`);
  }
  const hidden = privateDirectories.find((directory) => resolve(cache).startsWith(`${directory}/`));
  if (hidden !== undefined) {
    throw new Unmet(
      `A local cluster has a ${hidden} of its own: set TASKGRANT_CACHE to a path that is not in it.`,
    );
  }
}

function requireOutside(layout: Layout): void {
  if (readFileSync('/proc/self/cgroup', 'utf8').includes(layout.cgroup)) {
    throw new Unmet(
      `${layout.name} cannot be taken down by a command that runs in it: leave its shell first.`,
    );
  }
}

/** @throws Unmet when the cluster that runs is not the one that is asked for. */
function requireSame(name: string, running: ClusterState, { kubernetes, apiServerArgs }: UpOptions): void {
  const same =
    (kubernetes ?? running.kubernetes) === running.kubernetes &&
    JSON.stringify(apiServerArgs ?? running.apiServerArgs) === JSON.stringify(running.apiServerArgs);
  if (same) return;
  const flags = running.apiServerArgs.map((flag) => ` ${flag}`).join('');
  throw new Unmet(
    `${name} is up with Kubernetes ${running.kubernetes}${flags}: take it down first, or use another --name.`,
  );
}

/** Starts what has died or stands still in a cluster that is up. Returns whether there was anything to do. */
async function mend(layout: Layout, { components }: ClusterState, progress: Progress): Promise<boolean> {
  const broken = components.filter(({ state }) => state !== 'running');
  for (const { name, state } of broken) {
    progress.say(`${name} is ${state}: starting it again`);
    await act(layout.control, name, 'start');
  }
  return broken.length > 0;
}

async function stateOf(layout: Layout): Promise<ClusterState | undefined> {
  return firstProcess(layout) === undefined ? undefined : clusterStateAt(layout.control);
}

async function status(layout: Layout): Promise<ClusterStatus> {
  const { name, logs, kubeconfig } = layout;
  const base = { name, driver: 'local' } as const;
  const state = await stateOf(layout);
  if (!state) {
    if (!remains(layout)) return { ...base, state: 'down' };
    return { ...base, state: 'broken', ...(existsSync(logs) && { logs }) };
  }
  const whole = state.components.every((component) => component.state === 'running');
  return {
    ...base,
    state: state.phase === 'starting' ? 'starting' : state.phase === 'up' && whole ? 'up' : 'broken',
    kubernetes: state.kubernetes,
    kubeconfig,
    logs,
    components: state.components.map((component) => ({
      ...component,
      ...(component.state === 'exited' && { logTail: logTail(logs, component.name, 5) }),
    })),
  };
}
