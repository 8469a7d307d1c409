import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addresses } from './layout.ts';
import { must } from './process.ts';

/**
 * Directories in which the kubelet, containerd and CNI keep things under fixed names (/var/lib/kubelet/device-plugins,
 * /var/lib/cni, /var/log/containers, /run/containerd), which two clusters on one machine would share, and of which something
 * would be left behind. Within the cluster's mount namespace each is an empty tmpfs.
 */
export const privateDirectories = ['/run', '/var/lib', '/var/log'] as const;

/**
 * The kubelet sets these for the whole machine, kernel panics among them, unless they have these values. It is shown that
 * they have, and the machine stays as it is: setupKernelTunables in pkg/kubelet/cm/container_manager_linux.go.
 */
const kernelTunables = {
  'vm/overcommit_memory': 1,
  'vm/panic_on_oom': 0,
  'kernel/panic': 10,
  'kernel/panic_on_oops': 1,
  'kernel/keys/root_maxkeys': 1_000_000,
  'kernel/keys/root_maxbytes': 25_000_000,
};

/** Makes the links and mounts of the network and mount namespaces that this process is in. Both must be new. */
export async function furnishNamespaces(): Promise<void> {
  await Promise.all([makeLinks(), makeMounts()]);
}

async function makeLinks(): Promise<void> {
  await must(['ip', 'link', 'set', 'lo', 'up']);
  await must(['ip', 'link', 'add', 'node0', 'type', 'bridge']);
  await must(['ip', 'address', 'add', `${addresses.node}/32`, 'dev', 'node0']);
  await must(['ip', 'link', 'set', 'node0', 'up']);
}

async function makeMounts(): Promise<void> {
  for (const directory of privateDirectories) {
    await must(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', directory]);
  }
  mkdirSync('/run/sysctl');
  for (const [name, value] of Object.entries(kernelTunables)) {
    const shown = join('/run/sysctl', name.replaceAll('/', '.'));
    writeFileSync(shown, `${value}\n`);
    await must(['mount', '--bind', shown, join('/proc/sys', name)]);
  }
}
