import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import {
  commandsIn,
  describeLocal,
  firstProcessOf,
  namespacesOf,
  quietCluster,
  tool,
  toolCommand,
  traces,
} from './testing.ts';
import { until } from './until.ts';

/** Those that a kubelet wants changed. */
const kernelSettings = (): string[] =>
  ['vm/overcommit_memory', 'kernel/panic', 'kernel/panic_on_oops', 'kernel/keys/root_maxkeys'].map((name) =>
    readFileSync(`/proc/sys/${name}`, 'utf8'),
  );

describeLocal('down', () => {
  const cluster = quietCluster('test-down');
  afterEach(() => cluster.down());

  test('leaves no process, mount, control group, namespace, link or file, whatever still ran, and the machine’s kernel as it was set', async () => {
    const settingsBefore = kernelSettings();
    await cluster.up();
    expect(kernelSettings()).toEqual(settingsBefore);
    const run = [
      'kubectl',
      'run',
      'sleeper',
      '--image=localhost/taskgrant-task:1',
      '--image-pull-policy=Never',
    ];
    await cluster.run([...run, '--', '-c', 'sleep 3600']);
    await cluster.run(['kubectl', 'wait', 'pod/sleeper', '--for=condition=Ready', '--timeout=120s']);
    const command = cluster.run(['sleep', '3600']);
    await until('the command runs', 60, () => commandsIn('test-down') === 1);
    const namespaces = namespacesOf(firstProcessOf('test-down'));
    expect((await traces('test-down', namespaces)).length).toBeGreaterThan(0);
    const { code, stderr } = await tool('test-down', 'down');
    expect(code).toBe(0);
    expect(stderr).toContain('ending 1 commands that still run in the network of test-down');
    expect((await command).code).toBe(137);
    expect(await traces('test-down', namespaces)).toEqual([]);
    expect(kernelSettings()).toEqual(settingsBefore);
    expect(await cluster.status()).toEqual({ name: 'test-down', driver: 'local', state: 'down' });
  });

  test('of what is not there is no error', async () => {
    expect((await tool('test-down', 'down')).code).toBe(0);
  });

  test('is refused to a command that runs inside', async () => {
    await cluster.up();
    const outcome = await cluster.run([...toolCommand('test-down'), 'down']);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toBe(
      'test-down cannot be taken down by a command that runs in it: leave its shell first.\n',
    );
    expect((await cluster.status()).state).toBe('up');
  });
});
