/** How an escape is tried, door by door. */
import { kubectl, type Outcome } from '../grant/testbed.ts';
import type { Door, Escape } from './catalogue.ts';
import { kubectlUntil } from './kubectl.ts';
import { fill, objectOf, type WrittenObject } from './object-text.ts';
import type { World } from './world.ts';

/** What is sent and how: as a dry run, nothing stays of it. Connections and templates have no dry run. */
export interface Attempt {
  escape: Escape;
  world: World;
  dryRun: boolean;
}

/** Tries the escape. Never throws for a refusal: what was answered is the outcome. */
export function attempt(asked: Attempt): Promise<Outcome> {
  return BY_DOOR[asked.escape.door](asked);
}

const BY_DOOR: Record<Door, (asked: Attempt) => Promise<Outcome>> = {
  create,
  update: (asked) => patch(asked),
  status: (asked) => patch(asked, '/status'),
  ephemeralcontainers: (asked) => patch(asked, '/ephemeralcontainers'),
  binding: (asked) => bind(asked, `pods/${manifestOf(asked).metadata.name}/binding`),
  bindings: (asked) => bind(asked, 'bindings'),
  'connect-exec': connect,
  'connect-proxy': connect,
  'connect-attach': connectUntilPrinted,
  'connect-portforward': forward,
  template,
};

/** The object or the change, for the world that the escape is tried in. */
export function manifestOf({ escape, world }: Pick<Attempt, 'escape' | 'world'>): WrittenObject {
  if (!escape.manifest) throw new Error(`${escape.slug} has no manifest`);
  return objectOf(escape.manifest, world.filling);
}

function create(asked: Attempt): Promise<Outcome> {
  return createPod(asked.world, asked.world.writtenOut(manifestOf(asked)), asked.dryRun);
}

/** @param dryRun whether all is done but the storing */
export function createPod({ api, namespace }: World, pod: WrittenObject, dryRun: boolean): Promise<Outcome> {
  return api.send({ method: 'POST', path: `/api/v1/namespaces/${namespace}/pods`, dryRun, body: pod });
}

function patch(asked: Attempt, subresource = ''): Promise<Outcome> {
  const body = manifestOf(asked);
  return asked.world.api.send({
    method: 'PATCH',
    path: `/api/v1/namespaces/${asked.world.namespace}/pods/${body.metadata.name}${subresource}`,
    type: 'application/strategic-merge-patch+json',
    dryRun: asked.dryRun,
    body,
  });
}

function bind(asked: Attempt, path: string): Promise<Outcome> {
  return asked.world.api.send({
    method: 'POST',
    path: `/api/v1/namespaces/${asked.world.namespace}/${path}`,
    dryRun: asked.dryRun,
    body: manifestOf(asked),
  });
}

function connect(asked: Attempt): Promise<Outcome> {
  return kubectl(connection(asked));
}

function connectUntilPrinted(asked: Attempt): Promise<Outcome> {
  const { prints = '', types = '' } = asked.escape;
  return kubectlUntil(new RegExp(fill(prints, asked.world.filling), 'm'), connection(asked), { types });
}

/** Forwards a port of this machine to the pod, which answers there with its token. */
function forward(asked: Attempt): Promise<Outcome> {
  return kubectlUntil(/Forwarding from (127\.0\.0\.1:\d+)/u, connection(asked), {
    then: async ([, address = '']) => (await fetch(`http://${address}/token`)).text(),
  });
}

function connection({ escape, world }: Attempt): string[] {
  return [...inNamespace({ world }), ...(escape.run ?? []).map((arg) => fill(arg, world.filling))];
}

/** Applies what makes pods; the outcome is that of the first pod that it makes, or tries to make. */
async function template(asked: Attempt): Promise<Outcome> {
  const applied = await kubectl(
    ['create', ...inNamespace(asked), '--filename=-'],
    JSON.stringify(asked.world.writtenOut(manifestOf(asked))),
  );
  if (applied.code !== 0) return applied;
  const lost = new AbortController();
  try {
    return await Promise.race([podIsThere(asked, lost.signal), podIsRefused(asked, lost.signal)]);
  } finally {
    lost.abort();
  }
}

async function podIsThere(asked: Attempt, signal: AbortSignal): Promise<Outcome> {
  return kubectlUntil(
    /./u,
    [
      'get',
      'pods',
      '--watch',
      '--output=name',
      `--selector=escape=${asked.escape.slug}`,
      ...inNamespace(asked),
    ],
    { signal },
  );
}

/** Controllers say in an Event why they could not create a pod. */
async function podIsRefused(asked: Attempt, signal: AbortSignal): Promise<Outcome> {
  const ours = new RegExp(`^involved ${asked.escape.slug}.*: `, 'mu');
  const { stdout } = await kubectlUntil(
    ours,
    [
      ...['get', 'events', '--watch', '--field-selector=reason=FailedCreate', ...inNamespace(asked)],
      `--output=jsonpath=involved {.involvedObject.name} {.message}{"\\n"}`,
    ],
    { signal },
  );
  return { code: 1, stdout: '', stderr: stdout.slice(stdout.search(ours)) };
}

function inNamespace({ world }: Pick<Attempt, 'world'>): string[] {
  return ['--namespace', world.namespace];
}
