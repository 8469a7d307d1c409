import { afterEach, expect, test } from 'vitest';
import { describeLocal, quietCluster, tool, traces } from './testing.ts';

describeLocal('up', () => {
  const cluster = quietCluster('test-start');
  afterEach(() => cluster.down());

  test('twice at once makes one cluster', async () => {
    const both = await Promise.all([tool('test-start', 'up'), tool('test-start', 'up')]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    const said = both.map(({ stderr }) => stderr).join('');
    expect(said).toContain('waiting: another up or down of test-start is at work');
    expect(said).toContain('the cluster test-start was up already');
  });

  test('says which component ended, with the end of its log, leaves nothing running, and works with better flags', async () => {
    const { code, stderr } = await tool('test-start', 'up', '--api-server-arg=--no-such-flag');
    expect(code).toBe(1);
    expect(stderr).toContain(
      'test-start did not come up: kube-apiserver ended (exit code 1) before the API server is ready.',
    );
    expect(stderr).toContain('unknown flag: --no-such-flag');
    expect(await cluster.status()).toMatchObject({ state: 'broken' });
    expect(await traces('test-start', [])).toEqual(['test-start']);
    const flags = ['--default-not-ready-toleration-seconds=77'];
    expect(await cluster.up({ apiServerArgs: flags })).toBe('made');
    const dry = ['kubectl', 'run', 'x', '--image=x', '--dry-run=server', '--output=json'];
    expect((await cluster.run(dry)).stdout).toContain('"tolerationSeconds": 77');
  });

  test('gives up on a component that hangs, with the end of its log', async () => {
    // It is not where it is looked for, and so is never seen to be ready. What comes before it has to be, on a busy machine, too.
    const hang = ['--api-server-arg=--secure-port=6444', '--step-limit', '30'];
    const { code, stderr } = await tool('test-start', 'up', ...hang);
    expect(code).toBe(1);
    expect(stderr).toContain('test-start did not come up: the API server is ready: not so after 30 s.');
    expect(stderr).toMatch(/kube-apiserver\.log:\n([IWE]\d{4} .*\n)+/);
  });
});
