import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { platform } from 'node:process';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Cluster, DriverName } from './driver.ts';
import { writeImage } from './image.ts';
import { describeNodeImage } from './node-image.ts';
import { run } from './process.ts';
import type { Outcome } from './process.ts';
import { createProgress } from './progress.ts';
import { ensurePrograms, programPath } from './programs.ts';
import {
  firstProcessOf,
  killed,
  namespacesOf,
  prepareMachine,
  output,
  processesOf,
  quietCluster,
  startTool,
  tool,
  toolCommand,
  traces,
  upUntilItSays,
} from './testing.ts';
import { until } from './until.ts';

// Local clusters need Linux and root. Where a cluster of another kind is used, there is nothing of these to test.
const able = platform === 'linux' && process.getuid?.() === 0;

// The first time ever, everything is built.
beforeAll(() => (able ? prepareMachine() : undefined), 45 * 60_000);

describe.runIf(able)('a cluster that is up', () => {
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
    expect(readFileSync(log, 'utf8')).toContain('/api/v1/namespaces/seen-in-the-audit-log');
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
      '--timeout=60s',
    ]);
    const { stdout } = await cluster.run(['kubectl', 'logs', 'node-image']);
    expect(stdout).toContain(`${process.version} 65532 hello\n`);
    expect(stdout).toContain('EROFS: read-only file system');
  });

  test('has components that can be paused, resumed, killed and restarted one by one', async () => {
    const quick = ['kubectl', 'get', '--raw=/readyz', '--request-timeout=1s'];
    await cluster.local?.pause('kube-apiserver');
    expect((await cluster.run(quick)).code).toBe(1);
    expect(await cluster.status()).toMatchObject({ state: 'broken' });
    await cluster.local?.resume('kube-apiserver');
    await until('the API server answers again', 30, async () => (await cluster.run(quick)).code === 0);
    await cluster.local?.kill('kube-controller-manager');
    await expect(cluster.local?.pause('kube-controller-manager')).rejects.toThrow(
      'kube-controller-manager does not run',
    );
    await cluster.local?.restart('kube-controller-manager');
    await cluster.local?.restart('kube-apiserver');
    expect((await cluster.run(quick)).code).toBe(0);
    expect(await cluster.status()).toMatchObject({ state: 'up' });
  });

  test('shows which component died, and the end of its log, and up starts it again', async () => {
    for (const pid of processesOf('test-up', '/kubelet --config=')) process.kill(pid, 'SIGKILL');
    await until('the death is noticed', 10, async () => (await cluster.status()).state === 'broken');
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

describe.runIf(able)('down', () => {
  const cluster = quietCluster('test-down');
  afterEach(() => cluster.down());

  test('leaves no process, mount, control group, namespace, link or file, whatever still ran', async () => {
    await cluster.up();
    const run = [
      'kubectl',
      'run',
      'sleeper',
      '--image=localhost/taskgrant-task:1',
      '--image-pull-policy=Never',
    ];
    await cluster.run([...run, '--', '-c', 'sleep 3600']);
    await cluster.run(['kubectl', 'wait', 'pod/sleeper', '--for=condition=Ready', '--timeout=60s']);
    const command = cluster.run(['sleep', '3600']);
    const namespaces = namespacesOf(firstProcessOf('test-down'));
    expect((await traces('test-down', namespaces)).length).toBeGreaterThan(0);
    const { code, stderr } = await tool('test-down', 'down');
    expect(code).toBe(0);
    expect(stderr).toContain('ending 1 commands that still run in the network of test-down');
    expect((await command).code).toBe(137);
    expect(await traces('test-down', namespaces)).toEqual([]);
    expect(await cluster.status()).toEqual({ name: 'test-down', driver: 'local', state: 'down' });
  });

  test('leaves the settings of the machine’s kernel as they were', async () => {
    const settings = (): string[] =>
      ['vm/overcommit_memory', 'kernel/panic', 'kernel/panic_on_oops', 'kernel/keys/root_maxkeys'].map(
        (name) => readFileSync(`/proc/sys/${name}`, 'utf8'),
      );
    const before = settings();
    await cluster.up();
    expect(settings()).toEqual(before);
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

describe.runIf(able)('up after a kill -9', () => {
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

describe.runIf(able)('up', () => {
  const cluster = quietCluster('test-start');
  afterEach(() => cluster.down());

  test('twice at once makes one cluster', async () => {
    const both = await Promise.all([tool('test-start', 'up'), tool('test-start', 'up')]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    const said = both.map(({ stderr }) => stderr).join('');
    expect(said).toContain('waiting: another up or down of test-start is at work');
    expect(said).toContain('the cluster test-start was up already');
  });

  test('says which component ended, with the end of its log, and leaves nothing running', async () => {
    const { code, stderr } = await tool('test-start', 'up', '--api-server-arg=--no-such-flag');
    expect(code).toBe(1);
    expect(stderr).toContain(
      'test-start did not come up: kube-apiserver ended (exit code 1) before the API server is ready.',
    );
    expect(stderr).toContain('unknown flag: --no-such-flag');
    expect(await cluster.status()).toMatchObject({ state: 'broken' });
    expect(await traces('test-start', [])).toEqual(['test-start']);
    expect(await cluster.up()).toBe('made');
  });

  test('gives up on a component that hangs, with the end of its log', async () => {
    // It is not where it is looked for, and so is never seen to be ready.
    const hang = ['--api-server-arg=--secure-port=6444', '--step-limit', '3'];
    const { code, stderr } = await tool('test-start', 'up', ...hang);
    expect(code).toBe(1);
    expect(stderr).toContain('test-start did not come up: the API server is ready: not so after 3 s.');
    expect(stderr).toMatch(/kube-apiserver\.log:\n([IWE]\d{4} .*\n)+/);
  });

  test('passes further flags to the API server', async () => {
    await cluster.up({ apiServerArgs: ['--default-not-ready-toleration-seconds=77'] });
    const dry = ['kubectl', 'run', 'x', '--image=x', '--dry-run=server', '--output=json'];
    expect((await cluster.run(dry)).stdout).toContain('"tolerationSeconds": 77');
  });
});

describe.runIf(able)('a machine that lacks something is told in one sentence:', () => {
  let cache: string;
  beforeAll(() => {
    cache = mkdtempSync(join(tmpdir(), 'taskgrant-empty-'));
    chmodSync(cache, 0o777);
  });
  afterAll(() => {
    rmSync(cache, { recursive: true });
  });

  const told = async (
    before: readonly string[],
    driver: DriverName,
    env: Record<string, string>,
  ): Promise<string> => {
    const outcome = await run([...before, ...toolCommand('test-lack', driver), 'up'], {
      env: { TASKGRANT_CACHE: cache, ...env },
    });
    expect(outcome.code).toBe(1);
    return outcome.stderr;
  };

  test('no root', async () => {
    expect(await told(['setpriv', '--reuid=65534', '--clear-groups'], 'local', {})).toMatch(
      /^A local cluster needs root, for namespaces and mounts: run this as root\. .*\n$/,
    );
  });

  test('no Go', async () => {
    expect(await told([], 'local', { PATH: '/usr/bin:/bin' })).toBe(
      'Go 1.26.6 or newer is needed to build the cluster\'s programs, and there is no "go" on the PATH.\n',
    );
  });

  test('a Go that is too old', async () => {
    const old = join(cache, 'go');
    writeFileSync(
      old,
      '#!/bin/sh\necho "go: go.mod requires go >= 1.26.0 (running go 1.25.1; GOTOOLCHAIN=local)" >&2; exit 1\n',
    );
    chmodSync(old, 0o755);
    expect(await told([], 'local', { PATH: `${cache}:/usr/bin:/bin` })).toBe(
      "Go 1.26.6 or newer is needed to build the cluster's programs: go: go.mod requires go >= 1.26.0 (running go 1.25.1; GOTOOLCHAIN=local)\n",
    );
  });

  test('no kind', async () => {
    expect(await told([], 'kind', { PATH: '/usr/bin:/bin' })).toMatch(
      /^The driver "kind" needs the kind command, and there is none on the PATH: .*\n$/,
    );
  });

  test('a cache where the cluster cannot see it', async () => {
    expect(await told([], 'local', { TASKGRANT_CACHE: '/var/lib/cache' })).toBe(
      'A local cluster has a /var/lib of its own: set TASKGRANT_CACHE to a path that is not in it.\n',
    );
  });
});

describe.runIf(able)('programs', () => {
  let cache: string;
  beforeAll(() => {
    cache = mkdtempSync(join(tmpdir(), 'taskgrant-programs-'));
  });
  afterAll(() => {
    rmSync(cache, { recursive: true });
  });

  test('that two need at once are built once, and nothing unfinished is left', async () => {
    const lines: string[] = [];
    const progress = createProgress(
      (line) => lines.push(line),
      () => 0,
    );
    await Promise.all([
      ensurePrograms(['pause'], cache, progress),
      ensurePrograms(['pause'], cache, progress),
    ]);
    const path = programPath('pause', cache);
    expect(readdirSync(join(path, '..'))).toEqual(['pause']);
    expect(lines.filter((line) => line.includes('waiting: somebody else is building pause'))).toHaveLength(1);
    const built = statSync(path).mtimeMs;
    await ensurePrograms(['pause'], cache, progress);
    expect(statSync(path).mtimeMs).toBe(built);
  });
});
