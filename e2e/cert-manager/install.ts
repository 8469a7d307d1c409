/** cert-manager on the cluster as people have it, with its own chart; its image is made here, of a program that is its own code. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { writeImage } from '../cluster/image.ts';
import { openCluster } from '../cluster/open.ts';
import { must } from '../cluster/process.ts';
import { createProgress } from '../cluster/progress.ts';
import { programChart } from '../cluster/programs.ts';
import { helm, kubectl, kubectlApply } from '../chart/release.ts';

const NAMESPACE = 'cert-manager';
const IMAGE = { repository: 'localhost/cert-manager', tag: 'e2e' };

/** Where each component's values are in cert-manager's chart, and what the program is told to be. */
const COMPONENTS = { '': 'controller', 'cainjector.': 'cainjector', 'webhook.': 'webhook' };

/** Returns when it takes Certificates, which is later than when its pods are ready. */
export async function installCertManager(): Promise<void> {
  const cluster = await openCluster({
    progress: createProgress(console.error, () => performance.now()),
  });
  const program = await cluster.program('cert-manager');
  const folder = await mkdtemp(join(tmpdir(), 'taskgrant-cert-manager-'));
  try {
    const archive = join(folder, 'image.tar');
    await writeImage(
      {
        name: `${IMAGE.repository}:${IMAGE.tag}`,
        files: [{ path: '/cert-manager', from: program, mode: 0o755 }],
        entrypoint: ['/cert-manager'],
        user: '65532:65532',
      },
      archive,
    );
    await cluster.loadImage(archive);
  } finally {
    await rm(folder, { recursive: true });
  }
  const values = Object.entries(COMPONENTS).flatMap(([prefix, component]) => [
    ...Object.entries({ ...IMAGE, pullPolicy: 'Never' }).map(
      ([name, value]) => `${prefix}image.${name}=${value}`,
    ),
    `${prefix}extraArgs={${component}}`,
  ]);
  // What the program has not: a server for the controller's health, and the Job that does what is awaited below.
  const without = ['livenessProbe.enabled', 'startupapicheck.enabled', 'prometheus.enabled'];
  await helm(
    ...(['Helm 4', 'upgrade', '--install', 'cert-manager', programChart(program)] as const),
    ...['--namespace', NAMESPACE, '--create-namespace', '--wait', '--timeout', '3m'],
    ...['crds.enabled=true', 'crds.keep=false', ...without.map((one) => `${one}=false`), ...values].flatMap(
      (value) => ['--set', value],
    ),
  );
  const anIssuer = `{apiVersion: cert-manager.io/v1, kind: Issuer, metadata: {name: a, namespace: ${NAMESPACE}}, spec: {selfSigned: {}}}`;
  await vi.waitFor(() => kubectlApply(anIssuer, '--dry-run=server'), { timeout: 60_000, interval: 500 });
}

/** With its kinds, and so with every Certificate. */
export async function uninstallCertManager(): Promise<void> {
  await helm('Helm 4', 'uninstall', 'cert-manager', '--namespace', NAMESPACE, '--wait', '--timeout', '2m');
  await kubectl('delete', 'namespace', NAMESPACE, '--ignore-not-found');
}

/** How many of its CA injector there are: none puts no CA anywhere. */
export async function scaleInjector(replicas: 0 | 1): Promise<void> {
  const injector = `deployment/${NAMESPACE}-cainjector`;
  await kubectl('scale', injector, '--namespace', NAMESPACE, `--replicas=${replicas}`);
  await kubectl('rollout', 'status', injector, '--namespace', NAMESPACE, '--timeout=180s');
  const pods = 'app.kubernetes.io/component=cainjector';
  if (replicas === 0)
    await must([
      ...['kubectl', 'wait', 'pod', '--namespace', NAMESPACE, '--selector', pods],
      ...['--for=delete', '--timeout=180s'],
    ]);
}
