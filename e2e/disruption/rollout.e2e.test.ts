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

/** Replicas start one after the other. */
const ROLLED_OUT_SECONDS = 240;
/** The last one that ends may take as long as its grace period gives it. */
const ENDED_MS = 120_000;

const replicas = () =>
  listAll(
    client,
    pods,
    { namespace: NAMESPACE },
    { labelSelector: `app.kubernetes.io/instance=${RELEASE},app.kubernetes.io/component=webhook` },
  );

async function restart(): Promise<void> {
  const before = (await replicas()).map(({ metadata }) => metadata.uid);
  await kubectl(['-n', NAMESPACE, 'rollout', 'restart', WEBHOOK]);
  const status = ['rollout', 'status', WEBHOOK, `--timeout=${ROLLED_OUT_SECONDS}s`];
  const { code, stderr } = await kubectl(['-n', NAMESPACE, ...status]);
  expect(code, stderr).toBe(0);
  // Until the last one that ends has ended: what it was still asked, it has answered.
  await vi.waitFor(
    async () => {
      const after = (await replicas()).map(({ metadata }) => metadata.uid);
      expect(after.filter((uid) => before.includes(uid))).toEqual([]);
    },
    { timeout: ENDED_MS, interval: 500 },
  );
}

test(
  'a rollout of the webhook refuses nobody',
  async () => {
    expect((await apply(aGrantManifest(namespace, 'rollout'))).stderr).toBe('');
    await untilPhase(client, { namespace, name: 'rollout' }, 'Active');
    const asking = askAgainAndAgain(client, aPodManifest(namespace, 'rollout', 'rollout', 'true'));
    // Where the restart fails, nobody goes on asking all the same.
    await restart().finally(() => asking.stop());
    const { admitted, refusals } = await asking.stop();
    expect(refusals).toEqual([]);
    expect(admitted).toBeGreaterThan(4);
  },
  ROLLED_OUT_SECONDS * 1000 + ENDED_MS + 120_000,
);
