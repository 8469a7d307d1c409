import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { componentNames } from './components.ts';
import type { ComponentName } from './components.ts';
import type { Action, ClusterState, ComponentState } from './control.ts';
import { must } from './process.ts';
import { apiServerView, healthy, listening } from './readiness.ts';
import type { Specification } from './specification.ts';
import { until } from './until.ts';

/** Keeps the components of a cluster: starts each when what it needs is there, knows how each is, and acts on one of them. */
export interface Keeper {
  state(): ClusterState;
  /** Calls back at every change, until the returned function is called. */
  watch(changed: () => void): () => void;
  /** Does `before`, then starts everything. How it went is in the state. */
  start(before: () => Promise<void>): Promise<void>;
  /** @throws Error when the component is not in a state for this, or does not become ready. */
  act(component: ComponentName, action: Action): Promise<void>;
}

interface Part {
  readonly state: ComponentState;
  readonly child?: ChildProcess;
}

class NotReady extends Error {
  readonly component: ComponentName;
  constructor(component: ComponentName, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.component = component;
  }
}

export function createKeeper(spec: Specification): Keeper {
  const parts = new Map<ComponentName, Part>(
    componentNames.map((name) => [name, { state: { name, state: 'waiting' } }]),
  );
  const waitingFor = new Set<string>();
  const watchers = new Set<() => void>();
  let phase: ClusterState['phase'] = 'starting';
  let failure: ClusterState['failure'];

  const changed = (): void => {
    for (const each of [...watchers]) each();
  };
  const stateOf = (name: ComponentName): ComponentState =>
    parts.get(name)?.state ?? { name, state: 'waiting' };

  function spawnComponent(name: ComponentName): void {
    const [program = '', ...rest] = spec.components.find((component) => component.name === name)?.argv ?? [];
    const log = openSync(join(spec.logs, `${name}.log`), 'a');
    const child = spawn(program, rest, {
      stdio: ['ignore', log, log],
      env: { PATH: spec.path, HOME: '/root' },
    });
    closeSync(log);
    parts.set(name, { state: { name, state: 'running' }, child });
    const ended = (how: string): void => {
      parts.set(name, { state: { name, state: 'exited', ended: how } });
      changed();
    };
    child.once('error', (error) => {
      ended(error.message);
    });
    child.once('exit', (code, signal) => {
      ended(signal ? `killed by ${signal}` : `exit code ${code ?? 'unknown'}`);
    });
    changed();
  }

  /** Waits for what the component has to bring about. When the component ends, so does the waiting. */
  async function ready(component: ComponentName, what: string, isSo: () => Promise<boolean>): Promise<void> {
    waitingFor.add(what);
    changed();
    try {
      await until(what, spec.stepLimitSeconds, () => {
        const { state, ended = '' } = stateOf(component);
        if (state === 'exited') throw new Error(`${component} ended (${ended}) before ${what}`);
        return isSo();
      });
    } catch (error) {
      throw new NotReady(component, error);
    } finally {
      waitingFor.delete(what);
      changed();
    }
  }

  const api = apiServerView(spec.pki);
  const readiness: Record<ComponentName, readonly [what: string, isSo: () => Promise<boolean>]> = {
    etcd: ['etcd is ready', () => healthy('http://127.0.0.1:2379/readyz')],
    containerd: ['containerd listens', () => listening(spec.containerd)],
    'kube-apiserver': ['the API server is ready', () => api.ready()],
    // It is healthy from the beginning. A controller's check is there once the controller runs, and until all do, the manager
    // ends when the API server fails it.
    'kube-controller-manager': [
      'controllers run',
      () => healthy('https://127.0.0.1:10257/healthz?verbose', 'garbage-collector-controller'),
    ],
    'kube-scheduler': ['the scheduler is healthy', () => healthy('https://127.0.0.1:10259/healthz')],
    // The node stays Ready for a while without its kubelet, and the kubelet is healthy before its node is Ready.
    kubelet: [
      'the node takes pods',
      async () => (await healthy('http://127.0.0.1:10248/healthz')) && (await api.nodeTakesPods()),
    ],
    'kube-proxy': ['Services can be reached', () => healthy('http://127.0.0.1:10256/healthz')],
  };

  async function startComponent(name: ComponentName): Promise<void> {
    spawnComponent(name);
    await ready(name, ...readiness[name]);
  }

  async function importImages(): Promise<void> {
    const argv = [spec.ctr, '-a', spec.containerd, '-n', 'k8s.io', 'images', 'import'];
    await Promise.all(spec.images.map((archive) => must([...argv, archive])));
  }

  async function startAll(): Promise<void> {
    await Promise.all([
      startComponent('containerd').then(importImages),
      startComponent('etcd').then(() => startComponent('kube-apiserver')),
    ]);
    await Promise.all([
      startComponent('kube-controller-manager'),
      startComponent('kube-scheduler'),
      startComponent('kubelet'),
      startComponent('kube-proxy'),
      ready('kube-controller-manager', 'pods can be created', () => api.defaultAccountExists()),
    ]);
  }

  async function kill(name: ComponentName): Promise<void> {
    const child = parts.get(name)?.child;
    if (!child) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  function signal(name: ComponentName, state: 'paused' | 'running'): void {
    const child = parts.get(name)?.child;
    if (!child) throw new Error(`${name} does not run`);
    child.kill(state === 'paused' ? 'SIGSTOP' : 'SIGCONT');
    parts.set(name, { state: { name, state }, child });
    changed();
  }

  return {
    state: () => ({
      phase,
      kubernetes: spec.kubernetes,
      apiServerArgs: spec.apiServerArgs,
      waitingFor: [...waitingFor],
      ...(failure && { failure }),
      components: [...parts.values()].map(({ state }) => state),
    }),
    watch(callback) {
      watchers.add(callback);
      return () => watchers.delete(callback);
    },
    async start(before) {
      try {
        await before();
        await startAll();
        phase = 'up';
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        failure = { message, ...(error instanceof NotReady && { component: error.component }) };
        phase = 'failed';
      }
      changed();
    },
    async act(name, action) {
      switch (action) {
        case 'pause':
          signal(name, 'paused');
          return;
        case 'resume':
          signal(name, 'running');
          return;
        case 'kill':
          await kill(name);
          return;
        case 'start':
          if (stateOf(name).state === 'paused') signal(name, 'running');
          else if (stateOf(name).state !== 'running') await startComponent(name);
          return;
        case 'restart':
          await kill(name);
          await startComponent(name);
          return;
      }
    },
  };
}
