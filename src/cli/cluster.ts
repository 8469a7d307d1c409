/** The cluster that a kubeconfig leads to. Loaded only where it is asked for: what reads a kubeconfig is most of the program. */
import type { KubernetesObject } from '../api/kubernetes.ts';
import { createClient, type Client, type ObjectPlace } from '../kube/client.ts';
import { loadClusterAccess } from '../kube/cluster-access.ts';
import { found } from '../kube/find.ts';
import { listAll } from '../kube/list-all.ts';
import type { Resource } from '../kube/resources.ts';
import { DEFAULT_NAMESPACE, type ClusterFlags } from './input.ts';
import { CannotRun, messageOf } from './problem.ts';
import type { Objects } from './surroundings.ts';

export interface Cluster extends Objects {
  close(): Promise<void>;
}

/**
 * Each object is read once.
 *
 * @throws CannotRun where there is no cluster to read from; so do its methods where it cannot be read
 */
export async function openCluster(version: string, flags: ClusterFlags): Promise<Cluster> {
  const { client } = await connect(version, flags, OTHERWISE);
  const read = new Map<string, Promise<unknown>>();
  const once = <T>(what: string, reading: () => Promise<T>): Promise<T> => {
    const before = read.get(what) as Promise<T> | undefined;
    const now = before ?? reading().catch((error: unknown) => cannotRead(what, error));
    read.set(what, now);
    return now;
  };
  return {
    get: <T extends KubernetesObject>(what: Resource<T>, place: ObjectPlace): Promise<T | undefined> =>
      once(
        `${what.kind} ${[place.namespace, place.name].filter((part) => part !== undefined).join('/')}`,
        () => found(client, what, place),
      ),
    list: <T extends KubernetesObject>(what: Resource<T>): Promise<T[]> =>
      once(`every ${what.kind}`, () => listAll(client, what, {})),
    close: () => client.close(),
  };
}

/** Which cluster is said by flags that have it asked, as --server does. */
const OTHERWISE = ', or leave --server out, and which cluster to ask';

/** What client-node takes for the cluster where there is no kubeconfig (config.ts, loadFromDefault). */
const NO_KUBECONFIG = 'http://localhost:8080';

/**
 * A client for the cluster, as whom the flags say, and the namespace that the kubeconfig's context names.
 *
 * @param otherwise what to do where there is none
 * @throws CannotRun
 */
export async function connect(
  version: string,
  { as: username, asGroup: groups = [], ...choice }: ClusterFlags,
  otherwise = '',
): Promise<{ client: Client; namespace: string }> {
  // The API server would take the request for one of whoever the kubeconfig says.
  if (username === undefined && groups.length > 0)
    throw new CannotRun('--as-group says in which groups somebody is: say with --as who');
  try {
    const kubeConfig = await loadClusterAccess(choice);
    if (kubeConfig.getCurrentCluster()?.server === NO_KUBECONFIG)
      throw new CannotRun(`no kubeconfig: set KUBECONFIG, or write ~/.kube/config${otherwise}`);
    const client = createClient({
      kubeConfig,
      userAgent: `kubectl-taskgrant/${version}`,
      fieldManager: 'kubectl-taskgrant',
    });
    const context = kubeConfig.getContextObject?.(kubeConfig.currentContext);
    const asked = username === undefined ? client : client.as({ username, groups });
    return { client: asked, namespace: context?.namespace ?? DEFAULT_NAMESPACE };
  } catch (error) {
    if (error instanceof CannotRun) throw error;
    throw new CannotRun(`no cluster can be asked: ${messageOf(error)}; check your kubeconfig${otherwise}`);
  }
}

function cannotRead(what: string, error: unknown): never {
  throw new CannotRun(
    `the cluster cannot be asked for ${what}: ${messageOf(error)}; check with kubectl that you can read it${OTHERWISE}`,
  );
}
