import { afterEach, expect, test } from 'vitest';
import {
  describeLocal,
  firstProcessOf,
  killed,
  namespacesOf,
  output,
  processesOf,
  quietCluster,
  startTool,
  traces,
  upUntilItSays,
} from './testing.ts';
import { until } from './until.ts';

describeLocal('up after a kill -9', () => {
  const cluster = quietCluster('test-kill');
  afterEach(() => cluster.down());

  const works = async (): Promise<void> => {
    expect(await output(cluster, 'echo works')).toBe('works\n');
  };

  test.each(['starting Kubernetes', 'etcd is ready', 'controllers run'])(
    'of up, when it had said "%s", works',
    async (said) => {
      await killed(await upUntilItSays('test-kill', said));
      await cluster.up();
      await works();
    },
  );

  test.each([300, 450, 600])('of up, after %d ms, works', async (milliseconds) => {
    const child = startTool('test-kill', 'up');
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    await killed(child);
    await cluster.up();
    expect((await cluster.status()).state).toBe('up');
  });

  test('of the cluster’s first process, which ends everything in it, works', async () => {
    await cluster.up();
    const namespaces = namespacesOf(firstProcessOf('test-kill'));
    process.kill(firstProcessOf('test-kill'), 'SIGKILL');
    await until('the end is seen', 10, async () => (await cluster.status()).state === 'broken');
    await until('nothing but files and empty control groups is left', 10, async () =>
      (await traces('test-kill', namespaces)).every(
        (trace) => trace === 'test-kill' || trace.startsWith('control'),
      ),
    );
    expect(await cluster.up()).toBe('made');
    await works();
  });

  test('of the supervisor, while pods run, works', async () => {
    await cluster.up();
    for (const pid of processesOf('test-kill', 'supervisor.ts')) process.kill(pid, 'SIGKILL');
    expect(await cluster.up()).toBe('made');
    await works();
  });

  test('of down works', async () => {
    await cluster.up();
    const child = startTool('test-kill', 'down');
    await until('down has ended the first process', 20, async () => (await cluster.status()).state !== 'up');
    await killed(child);
    expect(await cluster.up()).toBe('made');
    await works();
  });
});
