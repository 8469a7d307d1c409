/** A release of the chart, made as people make it: with the helm that they have, on the cluster that KUBECONFIG says. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { cacheDirectory } from '../cluster/layout.ts';
import type { PodSpec } from '../../src/api/kubernetes.ts';
import { CRD_FIELD_MANAGER } from '../../src/controller/install-crds.ts';
import type { Client } from '../../src/kube/client.ts';
import { must, run, type Outcome } from '../cluster/process.ts';
import { programPath } from '../cluster/programs.ts';
import { clusterKubeConfig, testClient, minorVersion } from '../kube/testbed.ts';

export const chart = fileURLToPath(new URL('../../charts/taskgrant', import.meta.url));
export const release = 'taskgrant';
export const namespace = 'taskgrant-system';
export const probeNamespace = 'taskgrant-probe';
/** What every object of the release carries. */
export const ofRelease = `app.kubernetes.io/instance=${release}`;

export const helmVersions = ['Helm 4', 'Helm 3'] as const;
export type HelmVersion = (typeof helmVersions)[number];

/** @throws Error where Helm 3, which no cluster needs for itself, was not built. */
function helmProgram(version: HelmVersion): string {
  // The cluster's own, first on the PATH.
  if (version === 'Helm 4') return 'helm';
  const path = programPath('helm3', cacheDirectory(process.env));
  if (!existsSync(path))
    throw new Error(
      `${path} is not there: cluster.program('helm3') builds it, outside of the cluster's network`,
    );
  return path;
}

/** Runs helm; throws with all that it said where it fails. */
export function helm(version: HelmVersion, ...args: readonly string[]): Promise<string> {
  return must([helmProgram(version), ...args]);
}

/** Runs helm, and answers however it ends. */
export function tryHelm(version: HelmVersion, ...args: readonly string[]): Promise<Outcome> {
  return run([helmProgram(version), ...args]);
}

export function kubectl(...args: readonly string[]): Promise<string> {
  return must(['kubectl', ...args]);
}

/** kubectl apply of one or more manifests, as one file. */
export function kubectlApply(manifest: string, ...args: readonly string[]): Promise<string> {
  return must(['kubectl', 'apply', '--filename', '-', ...args], { input: manifest });
}

/** kubectl delete of what is in manifests, as far as it is there. */
export function kubectlDelete(manifest: string): Promise<string> {
  return must(['kubectl', 'delete', '--ignore-not-found', '--filename', '-'], { input: manifest });
}

/** The CRDs as the chart's own Job writes them, so that a Helm that installs them finds nobody else's. Returns when both kinds are served. */
export async function applyCrds(): Promise<void> {
  await kubectl(
    ...['apply', '--server-side', '--force-conflicts', `--field-manager=${CRD_FIELD_MANAGER}`],
    ...['--filename', `${chart}/crds`],
  );
  // The API server names a kind among those that it has a while after its CRD was written. Helm installs a class, and asks once.
  await vi.waitFor(() => kubectl('get', 'taskgrants,taskgrantclasses', '--all-namespaces'), {
    timeout: 60_000,
    interval: 200,
  });
}

/** The API server as an account of the release sees it. */
export async function clientOf(serviceAccount: string): Promise<Client> {
  const token = (await kubectl('create', 'token', serviceAccount, '--namespace', namespace)).trim();
  const own = clusterKubeConfig();
  const cluster = own.getCurrentCluster();
  if (!cluster) throw new Error('KUBECONFIG has no current cluster');
  own.loadFromClusterAndUser(cluster, { name: serviceAccount, token });
  return testClient(own);
}

/** Whether an account of the release may do something: verb, resource and flags as `kubectl auth can-i` takes them. */
export async function may(serviceAccount: string, ...what: readonly string[]): Promise<boolean> {
  const account = `--as=system:serviceaccount:${namespace}:${serviceAccount}`;
  // It says no by its exit code as well.
  const { stdout } = await run(['kubectl', 'auth', 'can-i', ...what, account]);
  return stdout.trim() === 'yes';
}

/** Whether somebody may be another account to do one thing (KEP-5284): on by default from 1.36. */
export async function hasConstrainedImpersonation(client: Client): Promise<boolean> {
  return (await minorVersion(client)) >= 36;
}

/** The namespace of the release, with the Pod Security level that the chart's pods have to meet. */
export async function createReleaseNamespace(): Promise<void> {
  const releases = JSON.parse(await helm('Helm 4', 'list', '--all-namespaces', '--output', 'json')) as {
    name: string;
    chart: string;
  }[];
  const another = releases.find(({ chart: its }) => its.startsWith('taskgrant-'));
  if (another) {
    throw new Error(
      `the cluster has the release ${another.name} of the chart, and there can be one only: these tests need a cluster without`,
    );
  }
  await kubectlApply(
    `{apiVersion: v1, kind: Namespace, metadata: {name: ${namespace}, labels: {pod-security.kubernetes.io/enforce: restricted}}}`,
  );
}

/** The chart with none of its pods up, for good: no node has their image. Hooks would wait for theirs. */
export async function installWithoutPods(): Promise<void> {
  await helm(
    ...(['Helm 4', 'install', release, chart, '--namespace', namespace, '--no-hooks'] as const),
    ...['--set', 'image.repository=localhost/none'],
  );
}

/** It meets Pod Security's restricted level, and no node can run it. */
export const NEVER_RUNS: PodSpec = {
  nodeSelector: { 'kubernetes.io/hostname': 'none' },
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    {
      name: 'a',
      image: 'localhost/none:1',
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    },
  ],
};

/** Every object in the cluster that carries the label, as `kind/namespace/name`, whatever its kind. */
export async function everythingLabelled(selector: string): Promise<string[]> {
  const listed = (await kubectl('api-resources', '--verbs', 'list', '--output', 'name')).trim().split('\n');
  // Counted twice otherwise (events), or computed by the API server from what is listed anyway (metrics, component statuses).
  const kinds = listed.filter(
    (name) => !name.endsWith('metrics.k8s.io') && name !== 'componentstatuses' && name !== 'events',
  );
  const output = await kubectl(
    ...['get', kinds.join(','), '--all-namespaces', '--ignore-not-found', '--selector', selector],
    ...[
      '--output',
      'go-template={{range .items}}{{.kind}}/{{.metadata.namespace}}/{{.metadata.name}}{{"\\n"}}{{end}}',
    ],
  );
  return output
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}
