/** How the CRDs come to a cluster, as `taskgrant crds` brings them. */
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import type { CustomResourceDefinition } from '../../src/api/kubernetes.ts';
import { installCrds, isEstablished } from '../../src/controller/install-crds.ts';
import { isNotFound } from '../../src/kube/api-error.ts';
import { customResourceDefinitions } from '../../src/kube/resources.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';
import { until, untilGone } from '../grant/testbed.ts';

const client = testClient(clusterKubeConfig());
const OURS = { name: 'taskgrants.taskgrant.dev' };
const OTHER = { name: 'others.taskgrant.dev' };

async function remove(place: { name: string }): Promise<void> {
  await client.remove(customResourceDefinitions, place).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
  await untilGone(client, customResourceDefinitions, place);
}

/** Goes by the short name of ours. */
const other: CustomResourceDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: OTHER,
  spec: {
    group: 'taskgrant.dev',
    scope: 'Namespaced',
    names: { plural: 'others', kind: 'Other', shortNames: ['tg'] },
    versions: [
      { name: 'v1alpha1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
    ],
  },
};

beforeEach(async () => {
  await remove(OURS);
  await client.create(customResourceDefinitions, other);
  await until(
    client,
    customResourceDefinitions,
    OTHER,
    'served',
    (crd) => crd !== undefined && isEstablished(crd),
  );
});

afterAll(async () => {
  await remove(OTHER);
  await installCrds(client, () => undefined, AbortSignal.timeout(120_000));
  await client.close();
});

test('installing the CRDs ends when they are served, and says where to look while they are not', async () => {
  const said: string[] = [];
  const installed = installCrds(client, (line) => said.push(line), AbortSignal.timeout(120_000));
  await vi.waitFor(
    () => {
      expect(said).toEqual([
        'taskgrants.taskgrant.dev: waiting until it is served; kubectl describe crd taskgrants.taskgrant.dev tells why it is not',
      ]);
    },
    { timeout: 60_000 },
  );
  await remove(OTHER);
  await installed;
  expect(said.slice(1)).toEqual([
    'taskgrants.taskgrant.dev: applied',
    'taskgrantclasses.taskgrant.dev: applied',
  ]);
  expect(isEstablished(await client.get(customResourceDefinitions, OURS))).toBe(true);
});

test('that they are not served in time is an error', async () => {
  await expect(installCrds(client, () => undefined, AbortSignal.timeout(3000))).rejects.toThrow(/timeout/);
});
