import { randomBytes } from 'node:crypto';
import { KubeConfig } from '@kubernetes/client-node';
import type { ConfigMap } from '../../src/api/kubernetes.ts';
import { createClient } from '../../src/kube/client.ts';
import type { Client, ClientOptions } from '../../src/kube/client.ts';
import { namespaces } from '../../src/kube/resources.ts';

/** The cluster that KUBECONFIG says. */
export const clusterKubeConfig = (): KubeConfig => {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromDefault();
  return kubeConfig;
};

export const testClient = (kubeConfig: KubeConfig, options: Partial<ClientOptions> = {}): Client =>
  createClient({ kubeConfig, userAgent: 'taskgrant-e2e', fieldManager: 'taskgrant-e2e', ...options });

/** 37 of Kubernetes 1.37: what depends on it, a test says. */
export const minorVersion = async (client: Client): Promise<number> => {
  const { minor } = (await client.getPath('/version')) as { minor: string };
  return Number.parseInt(minor, 10);
};

/** A namespace of the test's own. */
export const createTestNamespace = async (client: Client): Promise<string> => {
  const name = `kube-${randomBytes(4).toString('hex')}`;
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  return name;
};

export const aConfigMap = (
  namespace: string,
  name: string,
  data: Record<string, string> = {},
): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace, name },
  data,
});

/** Numbers in [0, 1) that are the same in every run with the same seed (mulberry32). */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};
