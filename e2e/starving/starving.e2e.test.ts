/**
 * A task that runs and whose grant is suspended starves: its kubelet is refused the next token, the last one runs out, and once the grant
 * is resumed, the same pod has a token again. The API server mints none for less than ten minutes, so this takes a quarter of an hour.
 */
import { afterAll, expect, test, vi } from 'vitest';
import type { Pod, Stored } from '../../src/api/kubernetes.ts';
import { namespaces, pods, taskGrants } from '../../src/kube/resources.ts';
import {
  aGrantManifest,
  aPodManifest,
  apply,
  enforcedNamespace,
  kubectl,
  logsOf,
  until,
  untilPhase,
} from '../grant/testbed.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';

const client = testClient(clusterKubeConfig());
let namespace: string;

afterAll(async () => {
  await client.remove(namespaces, { name: namespace });
  await client.close();
});

/**
 * Who it is to the API server, with the token that is in its file just then; said where that is another answer than before. An API server
 * that is too busy to answer has refused nobody.
 */
const SAYS_WHO_IT_IS = `
before=none
now=none
while true; do
  if said=$(kubectl auth whoami 2>&1); then now=accepted
  elif echo "$said" | grep -q 'must be logged in'; then now=refused; fi
  if [ $now != $before ]; then echo "$now $(date +%s)"; before=$now; fi
  sleep 5
done`;

/** A token of ten minutes, the API server's minute of grace, and its cache of ten seconds; and time to see it. */
const RUNS_OUT_MS = (600 + 60 + 10 + 60) * 1000;
/** The kubelet looks at its pods' volumes about once a minute; after it was refused several times, every two minutes. */
const COMES_BACK_MS = 5 * 60_000;

/** What the pod has said so far: what it is, and since when in seconds since the epoch. */
async function said(pod: Stored<Pod>): Promise<[what: string, at: number][]> {
  const lines = (await logsOf(pod)).trim().split('\n');
  return lines.map((line) => {
    const [what = '', at] = line.split(' ');
    return [what, Number(at)];
  });
}

async function untilSaid(pod: Stored<Pod>, states: string[], timeout: number): Promise<number> {
  await vi.waitFor(
    async () => {
      expect((await said(pod)).map(([what]) => what)).toEqual(states);
    },
    { timeout, interval: 10_000 },
  );
  return (await said(pod)).at(-1)?.[1] ?? 0;
}

test(
  'a suspended task starves within the lifetime of its token, and is fed again when it is resumed',
  async () => {
    namespace = await enforcedNamespace(client);
    const place = { namespace, name: 'starved' };
    const { stderr } = await apply(
      aGrantManifest(namespace, 'starved', {
        envelope: { tokens: [{ name: 'api', expirationSeconds: 600 }] },
        duration: '1h',
      }),
      aPodManifest(namespace, 'starved', 'starved', SAYS_WHO_IT_IS),
    );
    expect(stderr).toBe('');
    const pod = await until(client, pods, place, 'running', (found) => found?.status?.phase === 'Running');
    if (!pod) throw new Error('a pod that is running exists');
    const fedAt = await untilSaid(pod, ['accepted'], 60_000);

    const suspend = (on: boolean) =>
      client.patch(taskGrants, place, { type: 'merge', body: { spec: { suspend: on } } });
    await suspend(true);
    await untilPhase(client, place, 'Suspended');

    const starvedAt = await untilSaid(pod, ['accepted', 'refused'], RUNS_OUT_MS);
    expect(starvedAt - fedAt).toBeGreaterThan(300);
    expect(starvedAt - fedAt).toBeLessThanOrEqual(RUNS_OUT_MS / 1000);
    // The kubelet says why, in the words of the denial.
    await vi.waitFor(
      async () => {
        const events = await kubectl(['get', 'events', '--namespace', namespace, '--output', 'json']);
        expect(events.stdout).toContain('GrantNotActive');
      },
      { timeout: COMES_BACK_MS, interval: 2000 },
    );

    await suspend(false);
    await untilPhase(client, place, 'Active');
    await untilSaid(pod, ['accepted', 'refused', 'accepted'], COMES_BACK_MS);
    const { metadata, status } = await client.get(pods, place);
    expect(metadata.uid).toBe(pod.metadata.uid);
    expect(status?.containerStatuses?.[0]?.restartCount).toBe(0);
  },
  RUNS_OUT_MS + 3 * COMES_BACK_MS,
);
