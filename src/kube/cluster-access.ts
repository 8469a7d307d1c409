/** Which API server a process talks to, and as whom: in a pod as the pod's service account, elsewhere as the kubeconfig says. */
import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';

/** What of a kubeconfig a connection needs. */
export type ClusterAccess = Pick<KubeConfig, 'currentContext' | 'getCurrentCluster' | 'applyToHTTPSOptions'> &
  Partial<Pick<KubeConfig, 'getContextObject'>>;

/** Where the kubelet mounts a pod's token and the cluster's CA, and renews both (k8s.io/client-go, rest.InClusterConfig). */
export const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Which cluster somebody asks for, as kubectl's flags of these names do. */
export interface ClusterChoice {
  /** A file; in place of $KUBECONFIG. */
  kubeconfig?: string | undefined;
  /** In place of the current one. */
  context?: string | undefined;
}

/**
 * What was asked for, or else in the order of controller-runtime (pkg/client/config): $KUBECONFIG, the pod's service account,
 * ~/.kube/config.
 *
 * client-node is loaded only where there is a kubeconfig to read: with its models it takes 80 MiB of each process.
 *
 * @throws Error where the file cannot be read, or has no such context
 */
export async function loadClusterAccess({ kubeconfig, context }: ClusterChoice = {}): Promise<ClusterAccess> {
  const isAsked = [kubeconfig, context, process.env['KUBECONFIG'] || undefined].some(
    (one) => one !== undefined,
  );
  const inPod = isAsked ? undefined : accessOfPod(process.env);
  if (inPod) return inPod;
  const { KubeConfig } = await import('@kubernetes/client-node');
  const kubeConfig = new KubeConfig();
  if (kubeconfig === undefined) kubeConfig.loadFromDefault();
  else loadFrom(kubeConfig, kubeconfig);
  if (context !== undefined) {
    if (!kubeConfig.getContextObject(context))
      throw new Error(`the kubeconfig has no context ${context}: kubectl config get-contexts lists them`);
    kubeConfig.setCurrentContext(context);
  }
  if (!kubeConfig.currentContext)
    throw new Error('the kubeconfig names no current context: kubectl config use-context sets one');
  return kubeConfig;
}

function loadFrom(kubeConfig: KubeConfig, file: string): void {
  try {
    kubeConfig.loadFromFile(file);
  } catch (error) {
    throw new Error(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * As the service account of the pod that this process runs in. Token and CA are read whenever credentials are asked for.
 *
 * @returns undefined where the environment is not a pod's
 */
export function accessOfPod(env: NodeJS.ProcessEnv, folder = SERVICE_ACCOUNT): ClusterAccess | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (!host || !port) return undefined;
  const caFile = join(folder, 'ca.crt');
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    currentContext: 'in-cluster',
    getCurrentCluster: () => ({ name: 'in-cluster', server, caFile, skipTLSVerify: false }),
    async applyToHTTPSOptions(options: RequestOptions) {
      const [ca, token] = await Promise.all([
        readFile(caFile, 'utf8'),
        readFile(join(folder, 'token'), 'utf8'),
      ]);
      options.ca = ca;
      options.headers = { authorization: `Bearer ${token}` };
    },
  };
}
