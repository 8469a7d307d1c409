import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Cluster } from './driver.ts';
import { writeImage } from './image.ts';
import { describeNodeImage } from './node-image.ts';
import type { Outcome } from './process.ts';
import {
  describeLocal,
  firstProcessOf,
  killProcesses,
  output,
  quietCluster,
  tool,
  toolCommand,
} from './testing.ts';
import { until } from './until.ts';

describeLocal('a cluster that is up', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = quietCluster('test-up');
    await cluster.down();
    expect(await cluster.up()).toBe('made');
  });
  afterAll(() => cluster.down());

  const json = async (...argv: readonly string[]): Promise<unknown> =>
    JSON.parse((await cluster.run(['kubectl', ...argv, '--output=json'])).stdout);

  test('runs a pod that knows who it is, over the address of the Service of the API server', async () => {
    const said = await output(cluster, 'kubectl auth whoami --output=jsonpath={.status.userInfo.username}');
    expect(said).toBe('system:serviceaccount:default:default');
  });

  test('reports the version that was asked for', async () => {
    expect(await json('version')).toMatchObject({
      clientVersion: { gitVersion: 'v1.37.2', minor: '37' },
      serverVersion: { gitVersion: 'v1.37.2', minor: '37' },
    });
  });

  test('is left alone by another up', async () => {
    const before = firstProcessOf('test-up');
    const { code, stderr } = await tool('test-up', 'up');
    expect(code).toBe(0);
    expect(stderr).toContain('the cluster test-up was up already');
    expect(firstProcessOf('test-up')).toBe(before);
  });

  test('is refused when it is not the one that is asked for', async () => {
    const { code, stderr } = await tool('test-up', 'up', '--kubernetes', '1.34.4');
    expect(code).toBe(1);
    expect(stderr).toBe('test-up is up with Kubernetes 1.37.2: take it down first, or use another --name.\n');
  });

  test('runs commands with its own kubectl and helm, and returns their exit code', async () => {
    const { stdout } = await cluster.run(['sh', '-c', 'command -v kubectl helm']);
    expect(
      stdout
        .trim()
        .split('\n')
        .every((path) => path.includes('/programs/')),
    ).toBe(true);
    expect((await tool('test-up', 'exec', '--', 'sh', '-c', 'exit 7')).code).toBe(7);
    expect((await tool('test-up', 'kubectl', 'get', 'namespace', 'nowhere')).code).toBe(1);
    expect((await tool('test-up', 'helm', 'list', '--all-namespaces')).code).toBe(0);
  });

  test('writes an audit log', async () => {
    await cluster.run(['kubectl', 'get', 'namespace', 'seen-in-the-audit-log']);
    const log = join(cluster.local?.logs ?? '', 'audit.log');
    // It is written when the answer is on its way already.
    await until('the request is in the audit log', 60, () =>
      readFileSync(log, 'utf8').includes('/api/v1/namespaces/seen-in-the-audit-log'),
    );
  });

  test('runs an image of Node with a read-only root, as a user, without capabilities', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'taskgrant-node-image-'));
    const archive = join(directory, 'image.tar');
    const script =
      "console.log(process.version, process.getuid(), process.env.WORD); require('fs').writeFileSync('/x', '')";
    await writeImage(
      await describeNodeImage({
        name: 'localhost/node-test:1',
        files: [{ path: '/app/main.cjs', content: script }],
        entrypoint: ['/app/main.cjs'],
      }),
      archive,
    );
    await cluster.loadImage(archive);
    rmSync(directory, { recursive: true });
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'node-image' },
      spec: {
        restartPolicy: 'Never',
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            name: 'node',
            image: 'localhost/node-test:1',
            imagePullPolicy: 'Never',
            env: [{ name: 'WORD', value: 'hello' }],
            securityContext: {
              readOnlyRootFilesystem: true,
              allowPrivilegeEscalation: false,
              capabilities: { drop: ['ALL'] },
            },
          },
        ],
      },
    };
    await cluster.run(['kubectl', 'create', '--filename=-'], { input: JSON.stringify(pod) });
    await cluster.run([
      'kubectl',
      'wait',
      'pod/node-image',
      '--for=jsonpath={.status.phase}=Failed',
      '--timeout=120s',
    ]);
    const { stdout } = await cluster.run(['kubectl', 'logs', 'node-image']);
    expect(stdout).toContain(`${process.version} 65532 hello\n`);
    expect(stdout).toContain('EROFS: read-only file system');
  });

  test('has components that can be paused, resumed, killed and restarted one by one', async () => {
    const asked = (seconds: number) => ['kubectl', 'get', '--raw=/readyz', `--request-timeout=${seconds}s`];
    await cluster.local?.pause('kube-apiserver');
    expect((await cluster.run(asked(1))).code).toBe(1);
    expect(await cluster.status()).toMatchObject({ state: 'broken' });
    await cluster.local?.resume('kube-apiserver');
    await until('the API server answers again', 60, async () => (await cluster.run(asked(20))).code === 0);
    await cluster.local?.kill('kube-controller-manager');
    await expect(cluster.local?.pause('kube-controller-manager')).rejects.toThrow(
      'kube-controller-manager does not run',
    );
    await cluster.local?.restart('kube-controller-manager');
    await cluster.local?.restart('kube-apiserver');
    expect((await cluster.run(asked(60))).code).toBe(0);
    expect(await cluster.status()).toMatchObject({ state: 'up' });
  });

  test('shows which component died, and the end of its log, and up starts it again', async () => {
    killProcesses('test-up', '/kubelet --config=');
    await until('the death is noticed', 60, async () => (await cluster.status()).state === 'broken');
    const shown = await tool('test-up', 'status');
    expect(shown.code).toBe(1);
    expect(shown.stdout).toMatch(/kubelet +exited, killed by SIGKILL\n(    \| .+\n)+/);
    expect(await cluster.up()).toBe('mended');
    expect((await tool('test-up', 'status', '-o', 'json')).code).toBe(0);
    expect(await output(cluster, 'echo still runs pods')).toBe('still runs pods\n');
  });

  test('is used as whatever kubeconfig says by the driver "current"', async () => {
    const current = (...argv: readonly string[]): Promise<Outcome> =>
      cluster.run([...toolCommand('test-current', 'current'), ...argv]);
    const kubeconfig = quietCluster('test-current', 'current').kubeconfig;
    rmSync(kubeconfig, { force: true });
    expect((await current('kubectl', 'get', 'nodes')).stderr).toContain('Say which cluster is meant');
    expect((await current('up')).code).toBe(0);
    expect((await current('kubectl', 'get', 'nodes', '--output=name')).stdout).toBe('node/node-1\n');
    expect((await current('down')).stderr).toContain('did not make this cluster');
    rmSync(kubeconfig);
  });

  test('runs beside another one, with an API server and objects of its own', async () => {
    const other = quietCluster('test-beside');
    await other.down();
    await other.up();
    try {
      await cluster.run(['kubectl', 'create', 'namespace', 'only-here']);
      expect((await other.run(['kubectl', 'get', 'namespace', 'only-here'])).stderr).toContain('not found');
      const whoami = 'kubectl auth whoami --output=jsonpath={.status.userInfo.username}';
      const both = await Promise.all([output(cluster, whoami), output(other, whoami)]);
      expect(both).toEqual(Array(2).fill('system:serviceaccount:default:default'));
    } finally {
      await other.down();
    }
    expect(await cluster.status()).toMatchObject({ state: 'up' });
    expect(await output(cluster, 'echo still runs pods')).toBe('still runs pods\n');
  });
});
