import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  describeLocal,
  firstProcessOf,
  killed,
  killProcesses,
  namespacesOf,
  output,
  quietCluster,
  startTool,
  traces,
  upUntilItSays,
} from './testing.ts';
import { until } from './until.ts';

describeLocal('up after a kill -9', () => {
  // Each test begins with what the one before left: a cluster that is up, and works.
  const cluster = quietCluster('test-kill');
  beforeAll(() => cluster.down());
  afterAll(() => cluster.down());

  const works = async (): Promise<void> => {
    expect(await output(cluster, 'echo works')).toBe('works\n');
  };

  test('of up, again and again, each time further on its way, works', async () => {
    for (const milliseconds of [300, 450, 600]) {
      const child = startTool('test-kill', 'up');
      await setTimeout(milliseconds);
      await killed(child);
    }
    for (const said of ['starting Kubernetes', 'etcd is ready', 'controllers run']) {
      // On a busy machine the one before may have got to its end before it was killed, or its cluster after that.
      if ((await cluster.status()).state === 'up') await cluster.down();
      await killed(await upUntilItSays('test-kill', said));
    }
    await cluster.up();
    await works();
  });

  test('of the cluster’s first process, which ends everything in it, works', async () => {
    await cluster.up();
    const namespaces = namespacesOf(firstProcessOf('test-kill'));
    process.kill(firstProcessOf('test-kill'), 'SIGKILL');
    await until('the end is seen', 60, async () => (await cluster.status()).state === 'broken');
    await until('nothing but files and empty control groups is left', 60, async () =>
      (await traces('test-kill', namespaces)).every(
        (trace) => trace === 'test-kill' || trace.startsWith('control'),
      ),
    );
    expect(await cluster.up()).toBe('made');
    await works();
  });

  test('of the supervisor, while pods run, works', async () => {
    await cluster.up();
    killProcesses('test-kill', 'supervisor.ts');
    expect(await cluster.up()).toBe('made');
    await works();
  });

  test('of down works', async () => {
    await cluster.up();
    const child = startTool('test-kill', 'down');
    await until('down has ended the first process', 60, async () => (await cluster.status()).state !== 'up');
    await killed(child);
    expect(await cluster.up()).toBe('made');
    await works();
  });
});
