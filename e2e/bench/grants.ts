/** Grants as their users create them, and one watch that says what becomes of them all. */
import { API_VERSION } from '../../src/api/group.ts';
import type { Stored } from '../../src/api/kubernetes.ts';
import { isFinal } from '../../src/api/reasons.ts';
import type { TaskGrant, TaskGrantStatus } from '../../src/api/taskgrant.ts';
import { silentLogger } from '../../src/kube/logger.ts';
import { createReader } from '../../src/kube/reader.ts';
import { taskGrants } from '../../src/kube/resources.ts';
import { keyOf } from '../../src/kube/store.ts';
import { until } from '../cluster/until.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';
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
const SMALLEST_SPEC = {
  task: { intent: 'be measured' },
  workload: { images: [TASK_IMAGE] },
  envelope: {
    kubernetes: [{ apiGroups: [''], resources: ['configmaps'], resourceNames: [INPUT], verbs: ['get'] }],
    tokens: [{ name: 'api' }],
  },
  duration: '1h',
};

export async function createGrant(
  api: ApiServer,
  { namespace, name }: GrantPlace,
  spec: object = SMALLEST_SPEC,
): Promise<void> {
  await api.must('POST', `${PATH}/namespaces/${namespace}/taskgrants`, {
    apiVersion: API_VERSION,
    kind: 'TaskGrant',
    metadata: { name },
    spec,
  });
}

export async function readGrant(api: ApiServer, { namespace, name }: GrantPlace): Promise<Stored<TaskGrant>> {
  return JSON.parse(
    await api.must('GET', `${PATH}/namespaces/${namespace}/taskgrants/${name}`),
  ) as Stored<TaskGrant>;
}

export async function revokeGrant(api: ApiServer, { namespace, name }: GrantPlace): Promise<void> {
  await api.must('PATCH', `${PATH}/namespaces/${namespace}/taskgrants/${name}`, { spec: { revoke: true } });
}

/** What is asked of a grant, or said where it is not as expected: all that is kept of each, as there may be ten thousand. */
export interface GrantState extends Pick<TaskGrant, 'apiVersion' | 'kind' | 'metadata'> {
  status?: {
    [Field in 'phase' | 'serviceAccountName' | 'pods' | 'conditions']?: TaskGrantStatus[Field] | undefined;
  };
}

export interface GrantWatch {
  /**
   * Resolves when a change says that the grant is so; `at` is when the reader delivered that change, by `performance.now`:
   * a little after it arrived, and later where the watch was cut just then. Ask before the write that leads to it.
   *
   * @throws Error where it does not come about, or the grant ends instead
   */
  untilSo(place: GrantPlace, isSo: (grant: GrantState) => boolean): Promise<Seen>;
  /**
   * Grants that exist, finished or not.
   *
   * @throws Error where the API server has not been heard for so long that nobody knows
   */
  count(): number;
  close(): Promise<void>;
}

export interface Seen {
  readonly grant: GrantState;
  readonly at: number;
}

export function isActive({ status }: GrantState): boolean {
  return status?.phase === 'Active';
}

/** Far longer than anything that is measured: what has not come by then never will. */
const PATIENCE_MS = 60_000;

/** Twice as long as the reader bears silence: by then it has watched anew, and that was in vain too. */
const SILENCE_MS = 300_000;

interface Waiting {
  readonly isSo: (grant: GrantState) => boolean;
  readonly resolve: (seen: Seen) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Watches all grants of the cluster, with the product's own reader: the API server cuts a watch that is too slow for all
 * that it has to tell, and what was missed then has to be found.
 */
export async function watchGrants(): Promise<GrantWatch> {
  const client = testClient(clusterKubeConfig(), { userAgent: 'taskgrant-bench' });
  const reader = createReader<GrantState>({
    client,
    resource: taskGrants,
    logger: silentLogger,
    transform: stateOf,
  });
  const waiting = new Map<string, Waiting>();
  reader.subscribe(({ type, object }) => {
    const at = performance.now();
    const key = keyOf(object);
    const one = waiting.get(key);
    if (!one) return;
    if (one.isSo(object)) one.resolve({ grant: object, at });
    else if (type === 'deleted' || isFinal(object.status?.phase))
      one.reject(new Error(`grant ${key} has ended: ${outlineOf(object)}`));
  });
  reader.start();
  // The reader itself would try for ever, and say nothing.
  await until('the grants have been listed', PATIENCE_MS / 1000, () => reader.hasSynced());

  return {
    untilSo(place, isSo) {
      const key = keyOf({ metadata: place });
      const { promise, resolve, reject } = Promise.withResolvers<Seen>();
      const timer = setTimeout(() => {
        const last = reader.get(key);
        const outline = last ? outlineOf(last) : 'there is none';
        reject(new Error(`grant ${key}: not so after ${PATIENCE_MS / 1000} s: ${outline}`));
      }, PATIENCE_MS);
      waiting.set(key, { isSo, resolve, reject });
      return promise.finally(() => {
        clearTimeout(timer);
        waiting.delete(key);
      });
    },
    count() {
      const silentMs = performance.now() - (reader.lastContactAt() ?? 0);
      if (silentMs > SILENCE_MS)
        throw new Error(
          `the watch of grants is dead: nothing was heard for ${Math.round(silentMs / 1000)} s`,
        );
      return reader.list().length;
    },
    async close() {
      await reader.stop();
      await client.close();
    },
  };
}

/** Keeps of a grant what is asked of it, and of its metadata what the reader itself goes by. */
export function stateOf(grant: Stored<GrantState>): Stored<GrantState> {
  const { apiVersion, kind } = grant;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = grant.metadata;
  const { phase, serviceAccountName, pods, conditions } = grant.status ?? {};
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    status: { phase, serviceAccountName, pods, conditions },
  };
}

/** From just before the request that creates it to the event that says Active, in milliseconds. */
export async function activate(
  api: ApiServer,
  watch: GrantWatch,
  place: GrantPlace,
  spec?: object,
): Promise<number> {
  const seen = watch.untilSo(place, isActive);
  const before = performance.now();
  const [{ at }] = await Promise.all([seen, createGrant(api, place, spec)]);
  return at - before;
}

/** An estimate of how long it takes to remove so many grants; on a slow day it was 90 ms a grant. */
export function removalSeconds(count: number): number {
  return count * 0.05 + 3;
}

/**
 * Returns when none is left, and with them their accounts, Roles and bindings.
 *
 * @throws Error where that does not come about, or as `GrantWatch.count`
 */
export async function removeAllGrants(api: ApiServer, watch: GrantWatch): Promise<void> {
  for (const namespace of allNamespaces()) {
    await api.must('DELETE', `${PATH}/namespaces/${namespace}/taskgrants`);
  }
  await until('all grants are revoked and gone', 1800, () => watch.count() === 0);
}

/** What explains why it is not what was expected. */
function outlineOf({ status }: GrantState): string {
  const said = (status?.conditions ?? []).map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
  return [status?.phase ?? 'no phase', ...said].join('; ');
}
