/** The product's processes, as their own metrics describe them. */
import type { ApiServer } from './api-server.ts';
import { NAMESPACE } from '../product/install.ts';

export const roles = ['controller', 'standby', 'webhook'] as const;
/** `controller` is the replica that leads, `standby` one that waits to. */
export type ProcessRole = (typeof roles)[number];

export interface ProcessMemory {
  readonly pod: string;
  readonly role: ProcessRole;
  /** Resident set size, in bytes. */
  readonly bytes: number;
}

/** Every process, by the API server's proxy: that works wherever this runs. */
export async function readMemory(api: ApiServer): Promise<ProcessMemory[]> {
  const selector = 'app.kubernetes.io/component%20in%20(controller,webhook)';
  const pods = JSON.parse(
    await api.must('GET', `/api/v1/namespaces/${NAMESPACE}/pods?labelSelector=${selector}`),
  ) as {
    items: { metadata: { name: string; labels: Record<string, string>; deletionTimestamp?: string } }[];
  };
  const running = pods.items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return await Promise.all(
    running.map(async ({ metadata: { name, labels } }) => {
      const path = `/api/v1/namespaces/${NAMESPACE}/pods/${name}:8080/proxy/metrics`;
      const metrics = await api.must('GET', path);
      const leads = (valueOf(metrics, 'leader_election_master_status') ?? 0) > 0;
      const bytes = valueOf(metrics, 'process_resident_memory_bytes');
      if (bytes === undefined) throw new Error(`${name} does not say how much memory it has`);
      const component = labels['app.kubernetes.io/component'];
      const role = component === 'webhook' ? 'webhook' : leads ? 'controller' : 'standby';
      return { pod: name, role, bytes } as const;
    }),
  );
}

/** The value of the first sample of that name in Prometheus' text format. */
export function valueOf(metrics: string, name: string): number | undefined {
  for (const line of metrics.split('\n')) {
    if (!line.startsWith(name)) continue;
    const rest = line.slice(name.length);
    if (!rest.startsWith(' ') && !rest.startsWith('{')) continue;
    const value = Number(rest.slice(rest.lastIndexOf(' ') + 1));
    if (Number.isFinite(value)) return value;
  }
  return undefined;
}
