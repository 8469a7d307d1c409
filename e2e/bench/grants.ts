/** Grants as their users create them, and one watch that says what becomes of them all. */
import { API_VERSION } from '../../src/api/group.ts';
import type { Stored } from '../../src/api/kubernetes.ts';
import { isFinal } from '../../src/api/reasons.ts';
import type { TaskGrant } from '../../src/api/taskgrant.ts';
import { createLineSplitter, watchEventOf } from '../../src/kube/watch-events.ts';
import { until } from '../cluster/until.ts';
import type { ApiServer } from './api-server.ts';
import { allNamespaces, INPUT, namespaceOf } from './namespaces.ts';

const PATH = `/apis/${API_VERSION}`;

export interface GrantPlace {
  readonly namespace: string;
  readonly name: string;
}

export function grantPlace(prefix: string, index: number): GrantPlace {
  return { namespace: namespaceOf(index), name: `${prefix}-${index}` };
}

export const TASK_IMAGE = 'localhost/taskgrant-task:1';

/** The same rights as a set of the floor, for one pod with one token, under the default class. */
export async function createGrant(api: ApiServer, { namespace, name }: GrantPlace): Promise<void> {
  await api.must('POST', `${PATH}/namespaces/${namespace}/taskgrants`, {
    apiVersion: API_VERSION,
    kind: 'TaskGrant',
    metadata: { name },
    spec: {
      task: { intent: 'be measured' },
      workload: { images: [TASK_IMAGE] },
      envelope: {
        kubernetes: [{ apiGroups: [''], resources: ['configmaps'], resourceNames: [INPUT], verbs: ['get'] }],
        tokens: [{ name: 'api' }],
      },
      duration: '1h',
    },
  });
}

export async function revokeGrant(api: ApiServer, { namespace, name }: GrantPlace): Promise<void> {
  await api.must('PATCH', `${PATH}/namespaces/${namespace}/taskgrants/${name}`, { spec: { revoke: true } });
}

export interface GrantWatch {
  /**
   * Resolves when an event says that the grant is so; `at` is when that event arrived, by `performance.now`. Ask before the
   * write that leads to it.
   *
   * @throws Error where it does not come about, or the grant ends instead
   */
  untilSo(place: GrantPlace, isSo: (grant: Stored<TaskGrant>) => boolean): Promise<Seen>;
  /** Grants that exist, finished or not. */
  count(): number;
  close(): Promise<void>;
}

export interface Seen {
  readonly grant: Stored<TaskGrant>;
  readonly at: number;
}

export function isActive({ status }: TaskGrant): boolean {
  return status?.phase === 'Active';
}

/** Far longer than anything that is measured: what has not come by then never will. */
const PATIENCE_MS = 60_000;

interface Waiting {
  readonly isSo: (grant: Stored<TaskGrant>) => boolean;
  readonly resolve: (seen: Seen) => void;
  readonly reject: (error: Error) => void;
  last?: Stored<TaskGrant>;
}

/** Watches all grants of the cluster. */
export async function watchGrants(api: ApiServer): Promise<GrantWatch> {
  const list = JSON.parse(await api.must('GET', `${PATH}/taskgrants`)) as {
    metadata: { resourceVersion: string };
    items: Stored<TaskGrant>[];
  };
  const known = new Set(list.items.map(({ metadata }) => keyOf(metadata)));
  const waiting = new Map<string, Waiting>();
  let closed = false;

  const heard = (line: string, at: number): void => {
    const event = watchEventOf<TaskGrant>(line, 'watch taskgrants');
    if (event.type === 'BOOKMARK') return;
    const key = keyOf(event.object.metadata);
    if (event.type === 'DELETED') known.delete(key);
    else known.add(key);
    const one = waiting.get(key);
    if (!one) return;
    one.last = event.object;
    if (one.isSo(event.object)) one.resolve({ grant: event.object, at });
    else if (event.type === 'DELETED' || isFinal(event.object.status?.phase))
      one.reject(new Error(`grant ${key} has ended: ${outlineOf(event.object)}`));
  };

  const { resourceVersion } = list.metadata;
  const path = `${PATH}/taskgrants?watch=true&resourceVersion=${resourceVersion}&timeoutSeconds=86400`;
  const stream = await api.stream(path);
  const read = async (): Promise<void> => {
    const splitter = createLineSplitter();
    try {
      for await (const chunk of stream as AsyncIterable<Uint8Array>) {
        const at = performance.now();
        for (const line of splitter.push(chunk)) heard(line, at);
      }
    } catch (error) {
      if (!closed) throw error;
    }
  };
  const reading = read();
  // Whoever waits when it breaks is told; nobody else needs it.
  const broken = reading.then(() => {
    throw new Error('the watch of grants was closed by the API server');
  });
  broken.catch((error: unknown) => {
    for (const one of waiting.values()) one.reject(error instanceof Error ? error : new Error(String(error)));
  });

  return {
    untilSo(place, isSo) {
      const key = keyOf(place);
      return new Promise<Seen>((resolve, reject) => {
        const one: Waiting = { isSo, resolve, reject };
        const timer = setTimeout(() => {
          const last = one.last ? outlineOf(one.last) : 'no event came';
          reject(new Error(`grant ${key}: not so after ${PATIENCE_MS / 1000} s: ${last}`));
        }, PATIENCE_MS);
        const settled = <T>(settle: (value: T) => void) => {
          return (value: T): void => {
            clearTimeout(timer);
            waiting.delete(key);
            settle(value);
          };
        };
        waiting.set(key, Object.assign(one, { resolve: settled(resolve), reject: settled(reject) }));
      });
    },
    count: () => known.size,
    async close() {
      closed = true;
      stream.destroy();
      await reading;
    },
  };
}

/** From just before the request that creates it to the event that says Active, in milliseconds. */
export async function activate(api: ApiServer, watch: GrantWatch, place: GrantPlace): Promise<number> {
  const seen = watch.untilSo(place, isActive);
  const before = performance.now();
  const [{ at }] = await Promise.all([seen, createGrant(api, place)]);
  return at - before;
}

/** Returns when none is left, and with them their accounts, Roles and bindings. */
export async function removeAllGrants(api: ApiServer, watch: GrantWatch): Promise<void> {
  for (const namespace of allNamespaces()) {
    await api.must('DELETE', `${PATH}/namespaces/${namespace}/taskgrants`);
  }
  await until('all grants are revoked and gone', 1800, () => watch.count() === 0);
}

function keyOf({ namespace, name }: GrantPlace): string {
  return `${namespace}/${name}`;
}

/** What explains why it is not what was expected. */
function outlineOf({ status }: TaskGrant): string {
  const said = (status?.conditions ?? []).map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
  return [status?.phase ?? 'no phase', ...said].join('; ');
}
