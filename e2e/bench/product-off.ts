/**
 * The installed product out of the way: none of its processes runs, and the API server asks none of its webhooks. Then tens of thousands of
 * grants can be written as they would stand there, and nothing but what is measured works on them.
 */
import { NAMESPACE, RELEASE } from '../product/install.ts';
import { until } from '../cluster/until.ts';
import type { ApiServer } from './api-server.ts';

const DEPLOYMENTS = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`;
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;
const CONFIGURATIONS = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'].map(
  (plural) => `/apis/admissionregistration.k8s.io/v1/${plural}`,
);
const PATIENCE_SECONDS = 120;

interface Deployment {
  metadata: { name: string };
  spec: { replicas: number };
  status: { readyReplicas?: number };
}

/** Returns when no process of it is left. Give what it returns to `turnOn`. */
export async function turnOff(api: ApiServer): Promise<Off> {
  const deployments = (await listOf<Deployment>(api, DEPLOYMENTS)).map(({ metadata, spec }) => ({
    name: metadata.name,
    replicas: spec.replicas,
  }));
  const configurations = await Promise.all(
    CONFIGURATIONS.map(async (path) => {
      const found = JSON.parse(await api.must('GET', `${path}/${RELEASE}`)) as Configuration;
      const { name, labels, annotations } = found.metadata;
      return { path, object: { ...found, metadata: { name, labels, annotations } } };
    }),
  );
  for (const { name } of deployments) await scale(api, name, 0);
  await until(`no process of the product runs`, PATIENCE_SECONDS, async () => {
    return (await listOf(api, PODS)).length === 0;
  });
  for (const { path } of configurations) await api.must('DELETE', `${path}/${RELEASE}`);
  return { deployments, configurations };
}

/** Returns when it is as it was. */
export async function turnOn(api: ApiServer, { deployments, configurations }: Off): Promise<void> {
  for (const { path, object } of configurations) await api.must('POST', path, object);
  for (const { name, replicas } of deployments) await scale(api, name, replicas);
  await until('the product runs again', PATIENCE_SECONDS, async () =>
    (await listOf<Deployment>(api, DEPLOYMENTS)).every(
      ({ spec, status }) => status.readyReplicas === spec.replicas,
    ),
  );
}

/** What was there before. */
export interface Off {
  readonly deployments: readonly { readonly name: string; readonly replicas: number }[];
  readonly configurations: readonly { readonly path: string; readonly object: object }[];
}

interface Configuration {
  metadata: { name: string; labels?: object; annotations?: object };
}

async function listOf<Item>(api: ApiServer, path: string): Promise<Item[]> {
  return (JSON.parse(await api.must('GET', path)) as { items: Item[] }).items;
}

async function scale(api: ApiServer, name: string, replicas: number): Promise<void> {
  await api.must('PATCH', `${DEPLOYMENTS}/${name}`, { spec: { replicas } });
}
