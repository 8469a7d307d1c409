/**
 * A node on which nothing runs: pods are bound to it, so that tokens can be asked for as their kubelet does. The product mints for nobody
 * else, and neither does NodeRestriction.
 */
import type { ApiServer } from './api-server.ts';

const NODE = 'taskgrant-bench';

/** No scheduler has this name: what names it waits to be bound. */
export const NO_SCHEDULER = 'taskgrant-bench';

/** Made anew, so that nothing is bound to it yet. */
export async function createNode(api: ApiServer): Promise<void> {
  await api.send('DELETE', `/api/v1/nodes/${NODE}`);
  await api.must('POST', '/api/v1/nodes', { metadata: { name: NODE }, spec: { unschedulable: true } });
}

/** The API server as the kubelet of the node sees it. */
export function asNode(api: ApiServer): ApiServer {
  return api.as(`system:node:${NODE}`, 'system:nodes');
}

/** Puts a pod on the node, as a scheduler does. */
export async function bind(
  api: ApiServer,
  { namespace, name }: { namespace: string; name: string },
): Promise<void> {
  const scheduler = api.as('system:kube-scheduler');
  await scheduler.must('POST', `/api/v1/namespaces/${namespace}/pods/${name}/binding`, {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name },
    target: { apiVersion: 'v1', kind: 'Node', name: NODE },
  });
}
