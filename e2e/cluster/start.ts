import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { createCgroup } from './cgroups.ts';
import { writeCertificates } from './certificates.ts';
import { components } from './components.ts';
import { configurationFiles, kubeconfig } from './configuration.ts';
import { clusterStateAt, untilStarted } from './control.ts';
import { writeImage } from './image.ts';
import { describePauseImage, describeTaskImage } from './images.ts';
import type { Layout } from './layout.ts';
import { logTail } from './logs.ts';
import { systemPath } from './packages.ts';
import type { Program } from './programs.ts';
import type { Progress } from './progress.ts';
import { end, entering, trackingGroup } from './remains.ts';
import type { Specification } from './specification.ts';
import { until } from './until.ts';

const supervisor = fileURLToPath(new URL('supervisor.ts', import.meta.url));

/** From the start of the supervisor until it answers. It takes a fifth of a second on an idle machine. */
const SUPERVISOR_LIMIT_SECONDS = 60;

export interface StartOptions {
  readonly kubernetes: string;
  readonly apiServerArgs: readonly string[];
  readonly stepLimitSeconds: number;
  /** Where a program is. */
  readonly program: (name: Program) => string;
}

/** Writes everything that a new cluster reads. Nothing may be left of an earlier one. */
export async function prepare(
  layout: Layout,
  { kubernetes, apiServerArgs, stepLimitSeconds, program }: StartOptions,
): Promise<Specification> {
  for (const each of [layout.configuration, layout.logs, layout.images, layout.manifests]) {
    mkdirSync(each, { recursive: true });
  }
  const pause = join(layout.images, 'pause.tar');
  const task = join(layout.images, 'task.tar');
  await Promise.all([
    writeCertificates(layout.pki),
    writeImage(describePauseImage(program('pause')), pause),
    describeTaskImage(program('kubectl')).then((image) => writeImage(image, task)),
  ]);
  for (const [file, content] of Object.entries(
    configurationFiles(layout, snapshotterFor(layout.directory)),
  )) {
    const path = join(layout.configuration, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  writeFileSync(layout.kubeconfig, JSON.stringify(kubeconfig(layout, 'admin'), null, 2), { mode: 0o600 });
  const specification: Specification = {
    generation: randomUUID(),
    kubernetes,
    apiServerArgs: [...apiServerArgs],
    stepLimitSeconds,
    pki: layout.pki,
    logs: layout.logs,
    containerd: layout.containerd,
    control: layout.control,
    path: [dirname(program('containerd')), systemPath].join(':'),
    commands: [dirname(program('kubectl')), dirname(program('helm'))],
    ctr: program('ctr'),
    images: [pause, task],
    components: components(layout, program, apiServerArgs).map(({ name, argv }) => ({
      name,
      argv: [...argv],
    })),
  };
  writeFileSync(layout.specification, JSON.stringify(specification, null, 2));
  return specification;
}

/** statfs(2)'s f_type of overlayfs, on which no other overlay can be stacked as the upper one. */
const OVERLAYFS = 0x794c7630;

function snapshotterFor(directory: string): string {
  return statfsSync(directory).type === OVERLAYFS ? 'native' : 'overlayfs';
}

/** Starts the cluster's first process, and returns when its supervisor answers. */
export async function launch(layout: Layout, { generation }: Specification): Promise<void> {
  createCgroup(layout.cgroup);
  for (const part of ['components', 'commands'] as const) mkdirSync(trackingGroup(layout, part));
  const [program = '', ...rest] = [
    ...entering(trackingGroup(layout, 'components')),
    ...['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'],
    // The first process of a namespace has to reap orphans, which Node does not; this one ends when the supervisor does.
    ...['sh', '-c', '"$@"; exit $?', 'first'],
    ...[execPath, '--disable-warning=ExperimentalWarning', supervisor, layout.specification, generation],
  ];
  const log = openSync(join(layout.logs, 'supervisor.log'), 'a');
  const child = spawn(program, rest, {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
    env: { PATH: systemPath, HOME: '/root' },
  });
  closeSync(log);
  child.unref();
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', () => (ended = logTail(layout.logs, 'supervisor').join('\n')));
  await until('the supervisor answers', SUPERVISOR_LIMIT_SECONDS, async () => {
    if (ended !== undefined) throw new Error(`The cluster's first process ended at once:\n${ended}`);
    return (await clusterStateAt(layout.control)) !== undefined;
  });
}

/**
 * Says what comes up, until everything has.
 *
 * @throws Error with the end of the log of what did not come up. Everything of the cluster has been ended then, and its files
 * are left to look at.
 */
export async function followStart(layout: Layout, progress: Progress): Promise<void> {
  const awaited = new Set<string>();
  const last = await untilStarted(layout.control, ({ phase, waitingFor }) => {
    if (phase === 'failed') return;
    for (const each of awaited) {
      if (!waitingFor.includes(each) && awaited.delete(each)) progress.say(each);
    }
    for (const each of waitingFor) awaited.add(each);
  });
  if (last?.phase === 'up') return;
  await end(layout, progress);
  const { message = 'its supervisor ended', component = 'supervisor' } = last?.failure ?? {};
  const log = join(layout.logs, `${component}.log`);
  throw new Error(
    [
      `${layout.name} did not come up: ${message}. The end of ${log}:`,
      ...logTail(layout.logs, component),
    ].join('\n'),
  );
}
