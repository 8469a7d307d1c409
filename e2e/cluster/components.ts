import { join } from 'node:path';
import { addresses, nodeName } from './layout.ts';
import type { Layout } from './layout.ts';
import type { Program } from './programs.ts';

/** The parts of a local cluster, in the order in which they can be started. */
export const componentNames = [
  'etcd',
  'containerd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
] as const;

export type ComponentName = (typeof componentNames)[number];

export interface Component {
  readonly name: ComponentName;
  readonly argv: readonly string[];
}

export function isComponentName(text: string): text is ComponentName {
  return (componentNames as readonly string[]).includes(text);
}

/**
 * The command lines of all components.
 *
 * @param program where a program is
 * @param apiServerArgs further flags of the API server; they come last, and so win where a flag is given twice
 */
export function components(
  { directory, pki, logs, configuration }: Layout,
  program: (name: Program) => string,
  apiServerArgs: readonly string[],
): readonly Component[] {
  const certificate = (file: string): string => join(pki, file);
  const config = (file: string): string => join(configuration, file);
  const argv: Record<ComponentName, readonly string[]> = {
    etcd: [
      program('etcd'),
      `--data-dir=${join(directory, 'etcd')}`,
      '--listen-client-urls=http://127.0.0.1:2379',
      '--advertise-client-urls=http://127.0.0.1:2379',
      '--listen-peer-urls=http://127.0.0.1:2380',
      // The cluster does not outlive its machine, so its data need not either.
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
    containerd: [program('containerd'), '--config', config('containerd.toml')],
    'kube-apiserver': [
      program('kube-apiserver'),
      '--etcd-servers=http://127.0.0.1:2379',
      '--bind-address=0.0.0.0',
      '--secure-port=6443',
      `--advertise-address=${addresses.node}`,
      `--service-cluster-ip-range=${addresses.services}`,
      `--client-ca-file=${certificate('ca.crt')}`,
      `--tls-cert-file=${certificate('apiserver.crt')}`,
      `--tls-private-key-file=${certificate('apiserver.key')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${certificate('service-accounts.pub')}`,
      `--service-account-signing-key-file=${certificate('service-accounts.key')}`,
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      '--allow-privileged=true',
      // Webhook calls go to the endpoints of a Service, spread over all that are ready, not to its cluster address.
      '--enable-aggregator-routing=true',
      '--kubelet-preferred-address-types=InternalIP',
      `--kubelet-client-certificate=${certificate('apiserver-to-kubelet.crt')}`,
      `--kubelet-client-key=${certificate('apiserver-to-kubelet.key')}`,
      `--kubelet-certificate-authority=${certificate('ca.crt')}`,
      `--requestheader-client-ca-file=${certificate('ca.crt')}`,
      '--requestheader-allowed-names=front-proxy-client',
      '--requestheader-username-headers=X-Remote-User',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      `--proxy-client-cert-file=${certificate('front-proxy.crt')}`,
      `--proxy-client-key-file=${certificate('front-proxy.key')}`,
      `--audit-policy-file=${config('audit.yaml')}`,
      `--audit-log-path=${join(logs, 'audit.log')}`,
      '--profiling=false',
      ...apiServerArgs,
    ],
    'kube-controller-manager': [
      program('kube-controller-manager'),
      `--kubeconfig=${config('kube-controller-manager.kubeconfig')}`,
      '--bind-address=127.0.0.1',
      '--leader-elect=false',
      '--use-service-account-credentials',
      `--service-account-private-key-file=${certificate('service-accounts.key')}`,
      `--root-ca-file=${certificate('ca.crt')}`,
      `--cluster-signing-cert-file=${certificate('ca.crt')}`,
      `--cluster-signing-key-file=${certificate('ca.key')}`,
      '--controllers=*,bootstrapsigner,tokencleaner',
      // With the default of 20 requests a second, making its controllers' tokens alone takes it five seconds.
      '--kube-api-qps=500',
      '--kube-api-burst=1000',
    ],
    'kube-scheduler': [
      program('kube-scheduler'),
      `--kubeconfig=${config('kube-scheduler.kubeconfig')}`,
      '--bind-address=127.0.0.1',
      '--leader-elect=false',
    ],
    kubelet: [
      program('kubelet'),
      `--config=${config('kubelet.yaml')}`,
      `--kubeconfig=${config('kubelet.kubeconfig')}`,
      `--root-dir=${join(directory, 'kubelet')}`,
      `--hostname-override=${nodeName}`,
      `--node-ip=${addresses.node}`,
    ],
    'kube-proxy': [program('kube-proxy'), `--config=${config('kube-proxy.yaml')}`],
  };
  return componentNames.map((name) => ({ name, argv: argv[name] }));
}
