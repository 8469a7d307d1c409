/** Every replica of the webhook replaced while the API server keeps asking it. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { listAll } from '../../src/kube/list-all.ts';
import { namespaces, pods } from '../../src/kube/resources.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';
import { NAMESPACE, RELEASE } from '../product/install.ts';
import {
  aGrantManifest,
  aPodManifest,
  apply,
  askAgainAndAgain,
  enforcedNamespace,
  kubectl,
  untilPhase,
} from '../grant/testbed.ts';

const client = testClient(clusterKubeConfig());
let namespace: string;

beforeAll(async () => {
  namespace = await enforcedNamespace(client);
});

afterAll(async () => {
  await client.remove(namespaces, { name: namespace });
  await client.close();
});

const WEBHOOK = `deployment/${RELEASE}-webhook`;

const replicas = () =>
  listAll(
    client,
    pods,
    { namespace: NAMESPACE },
    { labelSelector: `app.kubernetes.io/instance=${RELEASE},app.kubernetes.io/component=webhook` },
  );

test('a rollout of the webhook refuses nobody', async () => {
  expect((await apply(aGrantManifest(namespace, 'rollout'))).stderr).toBe('');
  await untilPhase(client, { namespace, name: 'rollout' }, 'Active');
  const before = (await replicas()).map(({ metadata }) => metadata.uid);

  const asking = askAgainAndAgain(client, aPodManifest(namespace, 'rollout', 'rollout', 'true'));
  await kubectl(['-n', NAMESPACE, 'rollout', 'restart', WEBHOOK]);
  await kubectl(['-n', NAMESPACE, 'rollout', 'status', WEBHOOK, '--timeout=90s']);
  // Until the last one that ends has ended: what it was still asked, it has answered.
  await vi.waitFor(
    async () => {
      const after = (await replicas()).map(({ metadata }) => metadata.uid);
      expect(after.filter((uid) => before.includes(uid))).toEqual([]);
    },
    { timeout: 60_000, interval: 500 },
  );
  const { admitted, refusals } = await asking.stop();
  expect(refusals).toEqual([]);
  expect(admitted).toBeGreaterThan(4);
});
