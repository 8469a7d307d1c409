import { join } from 'node:path';
import { addresses, nodeName } from './layout.ts';
import type { Layout } from './layout.ts';

/** The image that every pod's first process runs in. */
export const pauseImage = 'localhost/pause:1';

/**
 * The configuration files of all components, by file name. JSON where YAML is read, since that is YAML.
 *
 * @param snapshotter containerd's: `overlayfs`, or `native` where the cache itself lies on an overlay
 */
export function configurationFiles(layout: Layout, snapshotter: string): Readonly<Record<string, string>> {
  const { directory, pki, configuration } = layout;
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  return {
    'audit.yaml': json({
      apiVersion: 'audit.k8s.io/v1',
      kind: 'Policy',
      omitStages: ['RequestReceived'],
      rules: [{ level: 'Metadata' }],
    }),
    'kube-controller-manager.kubeconfig': json(kubeconfig(layout, 'kube-controller-manager')),
    'kube-scheduler.kubeconfig': json(kubeconfig(layout, 'kube-scheduler')),
    'kubelet.kubeconfig': json(kubeconfig(layout, 'kubelet')),
    'kube-proxy.kubeconfig': json(kubeconfig(layout, 'kube-proxy')),
    'containerd.toml': containerdToml(layout, snapshotter),
    'cni/10-pods.conflist': json({
      cniVersion: '1.0.0',
      name: 'pods',
      plugins: [
        {
          type: 'bridge',
          bridge: 'pods0',
          isGateway: true,
          ipMasq: false,
          // A pod that calls a Service may be sent back to itself.
          hairpinMode: true,
          ipam: {
            type: 'host-local',
            ranges: [[{ subnet: addresses.pods }]],
            routes: [{ dst: '0.0.0.0/0' }],
            dataDir: join(directory, 'cni'),
          },
        },
        { type: 'portmap', capabilities: { portMappings: true } },
      ],
    }),
    'resolv.conf': '',
    'kubelet.yaml': json({
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      // From 1.35 the kubelet refuses cgroup v1 unless it is told otherwise (KEP-5573).
      failCgroupV1: false,
      cgroupDriver: 'cgroupfs',
      cgroupRoot: `/${layout.cgroup}`,
      containerRuntimeEndpoint: `unix://${layout.containerd}`,
      authentication: {
        anonymous: { enabled: false },
        webhook: { enabled: true },
        x509: { clientCAFile: join(pki, 'ca.crt') },
      },
      authorization: { mode: 'Webhook' },
      tlsCertFile: join(pki, 'kubelet.crt'),
      tlsPrivateKeyFile: join(pki, 'kubelet.key'),
      clusterDNS: [addresses.dns],
      clusterDomain: 'cluster.local',
      // Empty: no name server of the machine can be reached from here.
      resolvConf: join(configuration, 'resolv.conf'),
      failSwapOn: false,
      podLogsDir: join(layout.logs, 'pods'),
      staticPodPath: layout.manifests,
      volumePluginDir: join(directory, 'volume-plugins'),
      // The machine's disk and memory are not the cluster's: a developer's full disk shall not evict pods.
      evictionHard: {
        'memory.available': '100Mi',
        'nodefs.available': '1%',
        'imagefs.available': '1%',
        'nodefs.inodesFree': '1%',
      },
      // Images were imported by hand: nothing could bring one back that was collected.
      imageGCHighThresholdPercent: 100,
      imageGCLowThresholdPercent: 99,
    }),
    'kube-proxy.yaml': json({
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      mode: 'iptables',
      clientConnection: { kubeconfig: join(configuration, 'kube-proxy.kubeconfig') },
      hostnameOverride: nodeName,
      clusterCIDR: addresses.pods,
      // The connection tracking table is the machine's: leave its size alone.
      conntrack: { maxPerCore: 0, min: 0 },
    }),
  };
}

/** A kubeconfig for one of the users of certificates.ts. Its server can be reached inside the network namespace only. */
export function kubeconfig({ name, pki }: Layout, user: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name,
        cluster: { server: 'https://127.0.0.1:6443', 'certificate-authority': join(pki, 'ca.crt') },
      },
    ],
    users: [
      {
        name: user,
        user: { 'client-certificate': join(pki, `${user}.crt`), 'client-key': join(pki, `${user}.key`) },
      },
    ],
    contexts: [{ name, context: { cluster: name, user } }],
    'current-context': name,
  };
}

function containerdToml({ directory, configuration, containerd }: Layout, snapshotter: string): string {
  const quoted = (text: string): string => JSON.stringify(text);
  return `version = 3
root = ${quoted(join(directory, 'containerd'))}
# In the mount namespace's own /run, so that nothing of it is left when the namespace goes.
state = "/run/containerd"
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp"]

[grpc]
  address = ${quoted(containerd)}

[plugins.'io.containerd.cri.v1.runtime']
  # Without CAP_SYS_RESOURCE a lower oom_score_adj cannot be set, and runc dies of it.
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["/usr/lib/cni"]
    conf_dir = ${quoted(join(configuration, 'cni'))}
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      SystemdCgroup = false

[plugins.'io.containerd.cri.v1.images']
  snapshotter = ${quoted(snapshotter)}
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = ${quoted(pauseImage)}
`;
}
