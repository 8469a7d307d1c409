import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Unmet } from './unmet.ts';

/** Where programs, images and clusters are kept: `$TASKGRANT_CACHE`, else `$XDG_CACHE_HOME/taskgrant`, else `~/.cache/taskgrant`. */
export function cacheDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  return (
    environment['TASKGRANT_CACHE'] ??
    join(environment['XDG_CACHE_HOME'] ?? join(environment['HOME'] ?? homedir(), '.cache'), 'taskgrant')
  );
}

/**
 * Addresses inside the cluster's network namespace. Every cluster has the same ones: no packet leaves the namespace.
 * The node has an address of its own because a Service's endpoint, and so that of `kubernetes`, cannot be a loopback one.
 */
export const addresses = {
  node: '10.250.0.1',
  services: '10.251.0.0/24',
  /** The first address of the service range is that of the Service `kubernetes`. */
  apiService: '10.251.0.1',
  dns: '10.251.0.10',
  pods: '10.252.0.0/24',
} as const;

export const nodeName = 'node-1';

/** Every path of one local cluster. */
export interface Layout {
  readonly name: string;
  readonly directory: string;
  /** Of the cluster's control group, in each hierarchy. Unique on the machine, also where two caches have the same name. */
  readonly cgroup: string;
  readonly pki: string;
  readonly logs: string;
  readonly configuration: string;
  readonly images: string;
  /** For static pods. */
  readonly manifests: string;
  readonly kubeconfig: string;
  /** Of what kubectl knows of the API, by the server's address: which is the same for every local cluster. */
  readonly kubectlCache: string;
  readonly specification: string;
  readonly control: string;
  readonly containerd: string;
}

/** A Unix socket's path is at most 107 bytes on Linux (unix(7)); containerd appends `.ttrpc` to its own. */
const LONGEST_SOCKET_PATH = 107 - '.ttrpc'.length;

/** @throws Unmet when the name cannot be used for directories and control groups, or the cache's path is too long. */
export function layoutOf(cache: string, name: string): Layout {
  if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) {
    throw new Unmet(
      `"${name}" cannot be a cluster's name: use at most 40 of a-z, 0-9 and "-", with no "-" at either end.`,
    );
  }
  const directory = join(cache, 'clusters', name);
  const containerd = join(directory, 'containerd.sock');
  if (Buffer.byteLength(containerd) > LONGEST_SOCKET_PATH) {
    throw new Unmet(
      `${containerd} is too long for a Unix socket (${LONGEST_SOCKET_PATH} bytes): set TASKGRANT_CACHE to a shorter path.`,
    );
  }
  return {
    name,
    directory,
    cgroup: `taskgrant-${name}-${createHash('sha256').update(directory).digest('hex').slice(0, 6)}`,
    pki: join(directory, 'pki'),
    logs: join(directory, 'logs'),
    configuration: join(directory, 'configuration'),
    images: join(directory, 'images'),
    manifests: join(directory, 'manifests'),
    kubeconfig: join(directory, 'kubeconfig'),
    kubectlCache: join(directory, 'kubectl-cache'),
    specification: join(directory, 'specification.json'),
    control: join(directory, 'control.sock'),
    containerd,
  };
}
