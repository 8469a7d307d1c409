import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { accessOfPod, loadClusterAccess, type ClusterChoice } from './cluster-access.ts';

const POD = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cluster-access-'));
  await writeFile(join(folder, 'ca.crt'), 'the CA');
  await writeFile(join(folder, 'token'), 'first');
  const kubeconfig = JSON.stringify({
    clusters: [
      { name: 'c', cluster: { server: 'https://elsewhere:6443' } },
      { name: 'd', cluster: { server: 'https://third:6443' } },
    ],
    users: [{ name: 'u', user: {} }],
    contexts: [
      { name: 'x', context: { cluster: 'c', user: 'u' } },
      { name: 'y', context: { cluster: 'd', user: 'u' } },
    ],
    'current-context': 'x',
  });
  await writeFile(join(folder, 'kubeconfig'), kubeconfig);
  await mkdir(join(folder, '.kube'));
  await writeFile(join(folder, '.kube/config'), kubeconfig);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function optionsOf(access: ReturnType<typeof accessOfPod>): Promise<RequestOptions> {
  const options: RequestOptions = {};
  await access?.applyToHTTPSOptions(options);
  return options;
}

async function loadIn(
  environment: Record<string, string>,
  choice: ClusterChoice = {},
): ReturnType<typeof loadClusterAccess> {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  try {
    return await loadClusterAccess(choice);
  } finally {
    vi.unstubAllEnvs();
  }
}

describe('in a pod', () => {
  test('the API server is the one that the environment names, and an IPv6 address stands in brackets', () => {
    expect(accessOfPod(POD, folder)?.getCurrentCluster()?.server).toBe('https://10.96.0.1:443');
    expect(
      accessOfPod({ ...POD, KUBERNETES_SERVICE_HOST: 'fd00::1' }, folder)?.getCurrentCluster()?.server,
    ).toBe('https://[fd00::1]:443');
  });

  test('the token is read anew each time, since the kubelet renews it', async () => {
    const access = accessOfPod(POD, folder);
    expect(await optionsOf(access)).toMatchObject({
      ca: 'the CA',
      headers: { authorization: 'Bearer first' },
    });
    await writeFile(join(folder, 'token'), 'second');
    expect(await optionsOf(access)).toMatchObject({ headers: { authorization: 'Bearer second' } });
  });

  test('an error for a token that is not there names the file', async () => {
    await expect(optionsOf(accessOfPod(POD, join(folder, 'nowhere')))).rejects.toThrow('nowhere');
  });

  test('$KUBECONFIG counts for more', async () => {
    const access = await loadIn({ ...POD, KUBECONFIG: join(folder, 'kubeconfig') });
    expect(access.getCurrentCluster()?.server).toBe('https://elsewhere:6443');
  });

  test('and is what counts where there is none', async () => {
    const access = await loadIn({ ...POD, KUBECONFIG: '' });
    expect(access.currentContext).toBe('in-cluster');
  });
});

describe('whoever asks for', () => {
  test('a kubeconfig gets it, whatever the environment says', async () => {
    const kubeconfig = join(folder, 'kubeconfig');
    const access = await loadIn({ ...POD, KUBECONFIG: join(folder, 'nowhere') }, { kubeconfig });
    expect(access.getCurrentCluster()?.server).toBe('https://elsewhere:6443');
  });

  test('one that is not there is told which', async () => {
    const kubeconfig = join(folder, 'nowhere');
    await expect(loadIn({}, { kubeconfig })).rejects.toThrow(kubeconfig);
  });

  test('a context gets it, in a pod, too', async () => {
    const access = await loadIn({ ...POD, KUBECONFIG: '', HOME: folder }, { context: 'y' });
    expect(access.getCurrentCluster()?.server).toBe('https://third:6443');
  });

  test('nothing, of a kubeconfig that names no context, is told how to name one', async () => {
    await writeFile(join(folder, 'empty'), 'apiVersion: v1\nkind: Config\n');
    await expect(loadIn({}, { kubeconfig: join(folder, 'empty') })).rejects.toThrow(
      'names no current context',
    );
  });

  test('one that is not in the kubeconfig is told where to look', async () => {
    const asked = loadIn({ KUBECONFIG: join(folder, 'kubeconfig') }, { context: 'z' });
    await expect(asked).rejects.toThrow('no context z: kubectl config get-contexts lists them');
  });
});

test('elsewhere there is no pod’s account', () => {
  expect(accessOfPod({})).toBeUndefined();
});
