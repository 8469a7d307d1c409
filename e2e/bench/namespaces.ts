/**
 * Where the load goes. Many namespaces, because rights are looked up by namespace: a hundred tasks at once in one is a busy
 * one already, and what ten thousand bindings in a single namespace cost would be the API server's own story.
 */
import { ENFORCE_LABEL } from '../../src/api/group.ts';
import { until } from '../cluster/until.ts';
import type { ApiServer } from './api-server.ts';

const COUNT = 100;
const LABEL = 'taskgrant-bench';

/** What the granted rights are for. */
export const INPUT = 'input';

/** Enforced; the load takes them by turns. */
export function namespaceOf(index: number): string {
  return `bench-${String(index % COUNT).padStart(2, '0')}`;
}

export function allNamespaces(): string[] {
  return Array.from({ length: COUNT }, (_, index) => namespaceOf(index));
}

/** Without the label: what is created here, the product never hears of. */
export const PLAIN_NAMESPACE = 'bench-plain';

/** Without the label as well: what is created here, the bare webhook is asked about. */
export const BARE_NAMESPACE = 'bench-bare';

/** Without the label as well: the policy of the API server's own judges what is created here. */
export const POLICY_NAMESPACE = 'bench-policy';

/** Where the certificate of the webhook process is that runs beside the load. */
export const WEBHOOK_NAMESPACE = 'bench-webhook';

/** What an earlier run has left is removed first. Returns when pods can be created in all of them. */
export async function createNamespaces(api: ApiServer): Promise<void> {
  await removeNamespaces(api);
  for (const namespace of allNamespaces()) {
    await createNamespace(api, namespace, { [ENFORCE_LABEL]: 'granted' });
    await api.must('POST', `/api/v1/namespaces/${namespace}/configmaps`, {
      metadata: { name: INPUT },
      data: { text: 'what the task works on' },
    });
  }
  const others = [PLAIN_NAMESPACE, BARE_NAMESPACE, POLICY_NAMESPACE, WEBHOOK_NAMESPACE];
  for (const namespace of others) await createNamespace(api, namespace, {});
  const defaults = '/api/v1/serviceaccounts?fieldSelector=metadata.name%3Ddefault';
  await until('every namespace has its default service account', 60, async () => {
    const { items } = JSON.parse(await api.must('GET', defaults)) as {
      items: { metadata: { namespace: string } }[];
    };
    return (
      items.filter(({ metadata }) => metadata.namespace.startsWith('bench-')).length === COUNT + others.length
    );
  });
}

async function createNamespace(api: ApiServer, name: string, labels: Record<string, string>): Promise<void> {
  await api.must('POST', '/api/v1/namespaces', { metadata: { name, labels: { ...labels, [LABEL]: '' } } });
}

/** Returns when they are gone, and with them everything in them. */
export async function removeNamespaces(api: ApiServer): Promise<void> {
  const path = `/api/v1/namespaces?labelSelector=${LABEL}`;
  const list = async () => {
    const { items } = JSON.parse(await api.must('GET', path)) as { items: { metadata: { name: string } }[] };
    return items.map(({ metadata }) => metadata.name);
  };
  for (const name of await list()) await api.must('DELETE', `/api/v1/namespaces/${name}`);
  await until('the namespaces of the benchmark are gone', 1800, async () => (await list()).length === 0);
}
