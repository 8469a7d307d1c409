/** Whether an escape has succeeded: whether the API server took it as it was, or what its pod has printed. */
import { vi } from 'vitest';
import type { Pod, Stored } from '../../src/api/kubernetes.ts';
import { pods } from '../../src/kube/resources.ts';
import { until, type Outcome } from '../grant/testbed.ts';
import { manifestOf, type Attempt } from './doors.ts';
import { notKept } from './not-kept.ts';
import { fill } from './object-text.ts';
import type { World } from './world.ts';

/** A hundred pods at once take a node of two cores a minute, and one that does other things as well five. */
const PATIENCE_MS = 360_000;

/** A container that is started again has an empty log at first, or none until its first one is cleared away. */
const LOG_PATIENCE_MS = 60_000;

type Succeeding = Pick<Attempt, 'escape' | 'world'>;

/** What an outcome lacks to be the escape's success; undefined where that is nothing. */
export async function lacksOfSuccess(asked: Succeeding, outcome: Outcome): Promise<string | undefined> {
  if (outcome.code !== 0) return `an answer of yes: ${outcome.stderr}`;
  return asked.escape.proof === 'pod' ? lacksInPrint(asked, outcome) : lacksInAnswer(asked, outcome);
}

async function lacksInPrint(asked: Succeeding, outcome: Outcome): Promise<string | undefined> {
  const expected = new RegExp(fill(asked.escape.prints ?? '', asked.world.filling), 'm');
  if (asked.escape.run) return lacksIn(outcome.stdout, expected);
  const ended = await untilEnded(asked);
  let lacks: string | undefined;
  const printed = async () => {
    lacks = lacksIn(await logsOf(asked.world, ended), expected);
    if (lacks !== undefined) throw new Error(lacks);
  };
  await vi.waitFor(printed, { timeout: LOG_PATIENCE_MS, interval: 1000 }).catch(() => undefined);
  return lacks;
}

function lacksIn(printed: string, expected: RegExp): string | undefined {
  return expected.test(printed) ? undefined : `${String(expected)}: ${printed}`;
}

async function lacksInAnswer(asked: Succeeding, outcome: Outcome): Promise<string | undefined> {
  const { binding, expected } = expectedOf(asked);
  const stored = binding ? await storedPod(asked) : outcome.stdout;
  const dropped = notKept(expected, JSON.parse(stored));
  return dropped.length === 0 ? undefined : `${dropped.join(', ')}: ${stored}`;
}

/** A binding is answered by a Status; what came of it is seen on the pod. */
function expectedOf(asked: Succeeding): { binding: boolean; expected: object } {
  const manifest = manifestOf(asked);
  if (manifest.kind !== 'Binding') return { binding: false, expected: manifest };
  const { labels = {}, annotations = {} } = manifest.metadata;
  return {
    binding: true,
    expected: { metadata: { labels, annotations }, spec: { nodeName: asked.world.filling['node'] } },
  };
}

async function storedPod({ escape, world }: Succeeding): Promise<string> {
  const { name } = manifestOf({ escape, world }).metadata;
  return (await world.api.send({ method: 'GET', path: `/api/v1/namespaces/${world.namespace}/pods/${name}` }))
    .stdout;
}

interface Printers {
  name: string;
  containers: readonly string[];
}

/** The pod's containers, or the one that was added, when that which the escape is about has ended. */
async function untilEnded(asked: Succeeding): Promise<Printers> {
  const { client, namespace } = asked.world;
  const { name, container } = await whereItRuns(asked);
  const done = (pod: Stored<Pod> | undefined) => hasEnded(pod, container);
  const pod = await until(client, pods, { namespace, name }, `done in ${container}`, done, PATIENCE_MS);
  const { initContainers = [], containers = [] } = pod?.spec ?? {};
  const all = [...initContainers, ...containers].map((one) => one.name);
  return { name, containers: all.includes(container) ? all : [container] };
}

async function logsOf(world: World, { name, containers }: Printers): Promise<string> {
  return (await Promise.all(containers.map((one) => logOf(world, name, one)))).join('\n');
}

async function logOf({ api, namespace }: World, pod: string, container: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?container=${container}`;
  const { stdout, stderr } = await api.send({ method: 'GET', path });
  return stdout + stderr;
}

async function whereItRuns(asked: Succeeding): Promise<{ name: string; container: string }> {
  const manifest = manifestOf(asked);
  if (asked.escape.door === 'ephemeralcontainers') {
    const { ephemeralContainers } = (manifest as unknown as Pod).spec ?? {};
    return { name: manifest.metadata.name, container: ephemeralContainers?.[0]?.name ?? '' };
  }
  if (asked.escape.door !== 'template') return { name: manifest.metadata.name, container: 'task' };
  const { items } = await asked.world.client.list(
    pods,
    { namespace: asked.world.namespace },
    { labelSelector: `escape=${asked.escape.slug}` },
  );
  return { name: items[0]?.metadata.name ?? '', container: 'task' };
}

/** Whether the container has run to an end, or never will. */
function hasEnded(pod: Stored<Pod> | undefined, container: string): boolean {
  const { phase, containerStatuses = [], ephemeralContainerStatuses = [] } = pod?.status ?? {};
  if (phase === 'Succeeded' || phase === 'Failed') return true;
  const status = [...containerStatuses, ...ephemeralContainerStatuses].find(({ name }) => name === container);
  return Boolean(status?.state?.terminated ?? status?.lastState?.terminated);
}
