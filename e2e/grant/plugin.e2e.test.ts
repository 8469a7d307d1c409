/** `kubectl taskgrant … --server`: what it says of a file before it is applied is what the cluster says then. */
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundlePlugin, PLUGIN } from '../../scripts/bundle.ts';
import { namespaces } from '../../src/kube/resources.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';
import {
  aGrantManifest,
  aPodManifest,
  apply,
  enforcedNamespace,
  kubectl,
  podSpec,
  untilPhase,
  type Outcome,
} from './testbed.ts';

const client = testClient(clusterKubeConfig());
let namespace: string;
/** On the PATH, as whoever installs the plugin has it. */
let folder: string;

beforeAll(async () => {
  await bundlePlugin();
  folder = await mkdtemp(join(tmpdir(), 'taskgrant-plugin-'));
  await symlink(resolve(PLUGIN.program), join(folder, 'kubectl-taskgrant'));
  namespace = await enforcedNamespace(client);
});

afterAll(async () => {
  await client.remove(namespaces, { name: namespace });
  await rm(folder, { recursive: true });
  await client.close();
});

/** Runs it with the Node that runs the tests: what speaks to a cluster takes a newer one than the rest. */
function taskgrant(args: readonly string[], files: readonly object[], env = {}): Promise<Outcome> {
  const path = [folder, dirname(process.execPath), process.env['PATH']].join(delimiter);
  const input = files.map((object) => JSON.stringify(object)).join('\n---\n');
  return kubectl(['taskgrant', ...args, '-f', '-', '--server'], input, { PATH: path, ...env });
}

async function codesFound(...files: object[]): Promise<string[]> {
  const { stdout, stderr } = await taskgrant(['check', '-o', 'json'], files);
  expect(stderr).toBe('');
  const judged = JSON.parse(stdout) as { violations: { code: string; path: string }[] }[];
  return judged.flatMap(({ violations }) => violations.map(({ code, path }) => `${code} ${path}`));
}

const aPod = (name: string, grant: string, more: object = {}) => {
  const pod = aPodManifest(namespace, name, grant, 'true');
  return { ...pod, spec: { ...pod.spec, ...more } };
};

describe('check', () => {
  beforeAll(async () => {
    await apply(aGrantManifest(namespace, 'there'));
    await untilPhase(client, { namespace, name: 'there' }, 'Active');
  });

  test('allows a pod under a grant that is in the cluster alone, and so does the webhook', async () => {
    const pod = aPod('fine', 'there');
    expect(await taskgrant(['check'], [pod])).toMatchObject({ code: 0 });
    expect(await kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify(pod))).toMatchObject({
      code: 0,
    });
  });

  test('finds what the webhook refuses, at the same paths', async () => {
    const volumes = [
      { name: 'password', secret: { secretName: 'password' } },
      { name: 'host', hostPath: { path: '/etc' } },
    ];
    const pod = aPod('greedy', 'there', { volumes, hostNetwork: true });
    const found = await codesFound(pod);
    expect(found).toEqual([
      'NodeAccess spec.hostNetwork',
      'SecretNotGranted spec.volumes[0].secret.secretName',
      'NodeAccess spec.volumes[1].hostPath',
    ]);
    const { code, stderr } = await kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify(pod));
    expect(code).toBe(1);
    for (const each of found) expect(stderr).toContain(`${each}: `);
  });

  test('follows a claim in the cluster to its driver', async () => {
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { namespace, name: 'data' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'none-such',
        resources: { requests: { storage: '1Mi' } },
      },
    };
    expect((await apply(claim)).stderr).toBe('');
    const pod = (claimName: string) =>
      aPod('claims', 'there', { volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }] });
    const { code, stdout } = await taskgrant(['check'], [pod('data')]);
    expect(code).toBe(1);
    expect(stdout).toContain('none-such');
    expect((await taskgrant(['check'], [pod('other')])).stdout).toContain('other');
  });

  test('takes the namespace’s level from the cluster', async () => {
    const pod = { ...aPod('ungranted', 'there'), metadata: { namespace, name: 'ungranted' } };
    expect(await codesFound(pod)).toEqual([]);
    await kubectl(['label', '--overwrite', 'namespace', namespace, 'taskgrant.dev/enforce=required']);
    try {
      expect(await codesFound(pod)).toEqual(['GrantRequired spec.automountServiceAccountToken']);
    } finally {
      await kubectl(['label', '--overwrite', 'namespace', namespace, 'taskgrant.dev/enforce=granted']);
    }
  });

  test('ends with 2 where the cluster does not let it look', async () => {
    const { stdout: token } = await kubectl(['create', 'token', 'default', '--namespace', namespace]);
    const { stdout: view } = await kubectl(['config', 'view', '--minify', '--flatten', '-o', 'json']);
    const config = JSON.parse(view) as { users: { user: object }[] };
    const file = join(folder, 'kubeconfig');
    const users = config.users.map((one) => ({ ...one, user: { token: token.trim() } }));
    await writeFile(file, JSON.stringify({ ...config, users }), { mode: 0o600 });
    const { code, stdout, stderr } = await taskgrant(['check'], [aPod('blind', 'there')], {
      KUBECONFIG: file,
    });
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(`TaskGrant ${namespace}/there`);
    expect(stderr).toContain('forbidden');
    expect(stderr).not.toContain(token.trim());
  });
});

test('init writes a grant that the cluster takes, and under which the workload runs', async () => {
  const spec = podSpec('test "$PASSWORD" = not-a-real-one');
  const secretKeyRef = { name: 'password', key: 'password' };
  const containers = spec.containers.map((container) => ({
    ...container,
    env: [{ name: 'PASSWORD', valueFrom: { secretKeyRef } }],
  }));
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace, name: 'from-init' },
    spec: {
      backoffLimit: 0,
      template: {
        metadata: { labels: { 'taskgrant.dev/grant': 'from-init' } },
        spec: { ...spec, containers },
      },
    },
  };
  const { code, stdout, stderr } = await taskgrant(['init'], [job]);
  expect(code, stderr).toBe(0);
  expect(await kubectl(['apply', '-f', '-'], stdout)).toMatchObject({ code: 0 });
  await untilPhase(client, { namespace, name: 'from-init' }, 'Active');
  expect((await apply(job)).code).toBe(0);
  const completed = ['wait', '--for=condition=Complete', 'job/from-init', '--timeout=100s'];
  expect(await kubectl([...completed, '--namespace', namespace])).toMatchObject({ code: 0 });
});
