import type { Container, EphemeralContainer, Pod, PodSpec } from '../../api/kubernetes.ts';
import { containersOf } from './containers.ts';
import type { IdentityRequest } from './request.ts';

/**
 * What brings a pod to its node, and by that to the credentials of the kubelet and of every pod there: what the baseline
 * profile of the Pod Security Standards forbids (k8s.io/pod-security-admission 1.37, policy), and naming one's node, which
 * passes the scheduler by. Volumes are a matter of their own: volumes.ts.
 */
export function* nodeAccess({ metadata, spec }: Pick<Pod, 'metadata' | 'spec'>): Generator<NodeAccess> {
  if (!spec) return;
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC'] as const) {
    if (spec[field]) yield asking('true', `spec.${field}`);
  }
  if (spec.nodeName) yield asking(spec.nodeName, 'spec.nodeName');
  yield* inPodContext(spec.securityContext);
  yield* appArmorAnnotations(metadata.annotations);
  for (const { path, container } of containersOf(spec)) {
    if (container.securityContext)
      yield* inContainerContext(container.securityContext, `${path}.securityContext`);
    yield* hostPorts(container, path);
    yield* otherHosts(container, path);
  }
}

type NodeAccess = IdentityRequest<'NodeAccess'>;
type PodContext = NonNullable<PodSpec['securityContext']>;
type ContainerContext = NonNullable<Container['securityContext']>;

function asking(what: string, path: string): NodeAccess {
  return { kind: 'NodeAccess', value: what, path };
}

function* inPodContext(context: PodContext | undefined): Generator<NodeAccess> {
  if (!context) return;
  yield* inEitherContext(context, 'spec.securityContext');
  for (const [index, { name }] of (context.sysctls ?? []).entries()) {
    if (!BASELINE_SYSCTLS.has(name)) yield asking(name, `spec.securityContext.sysctls[${index}].name`);
  }
}

function* inContainerContext(securityContext: ContainerContext, path: string): Generator<NodeAccess> {
  const { privileged, capabilities, procMount } = securityContext;
  if (privileged) yield asking('true', `${path}.privileged`);
  for (const [index, capability] of (capabilities?.add ?? []).entries()) {
    if (!BASELINE_CAPABILITIES.has(capability))
      yield asking(capability, `${path}.capabilities.add[${index}]`);
  }
  if (procMount !== undefined && procMount !== 'Default') yield asking(procMount, `${path}.procMount`);
  yield* inEitherContext(securityContext, path);
}

/** What pods and containers can both set. */
function* inEitherContext(
  { seccompProfile, appArmorProfile, seLinuxOptions, windowsOptions }: PodContext | ContainerContext,
  path: string,
): Generator<NodeAccess> {
  if (seccompProfile && !BASELINE_PROFILES.has(seccompProfile.type))
    yield asking(seccompProfile.type, `${path}.seccompProfile.type`);
  if (appArmorProfile && !BASELINE_PROFILES.has(appArmorProfile.type))
    yield asking(appArmorProfile.type, `${path}.appArmorProfile.type`);
  if (seLinuxOptions) {
    const { type = '', user, role } = seLinuxOptions;
    if (!BASELINE_SELINUX_TYPES.has(type)) yield asking(type, `${path}.seLinuxOptions.type`);
    if (user) yield asking(user, `${path}.seLinuxOptions.user`);
    if (role) yield asking(role, `${path}.seLinuxOptions.role`);
  }
  if (windowsOptions) {
    const { hostProcess, gmsaCredentialSpecName, gmsaCredentialSpec } = windowsOptions;
    if (hostProcess) yield asking('true', `${path}.windowsOptions.hostProcess`);
    // A Group Managed Service Account is the node's right to fetch a domain account's password.
    if (gmsaCredentialSpecName)
      yield asking(gmsaCredentialSpecName, `${path}.windowsOptions.gmsaCredentialSpecName`);
    if (gmsaCredentialSpec) yield asking('a gMSA', `${path}.windowsOptions.gmsaCredentialSpec`);
  }
}

/** As annotations, in which older releases had AppArmor's profiles; the API server still copies them into the field. */
const APP_ARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';

function* appArmorAnnotations(annotations: Readonly<Record<string, string>> = {}): Generator<NodeAccess> {
  for (const key in annotations) {
    const value = annotations[key];
    if (value === undefined || !key.startsWith(APP_ARMOR_ANNOTATION)) continue;
    if (value !== '' && value !== 'runtime/default' && !value.startsWith('localhost/')) {
      yield asking(value, `metadata.annotations[${key}]`);
    }
  }
}

/** The node's address: what listens there can be taken for the node's own. */
function* hostPorts({ ports = [] }: Container | EphemeralContainer, path: string): Generator<NodeAccess> {
  for (const [index, { hostPort }] of ports.entries()) {
    if (hostPort) yield asking(String(hostPort), `${path}.ports[${index}].hostPort`);
  }
}

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;
const HOOKS = ['postStart', 'preStop'] as const;

/** The kubelet asks these hosts from the node's network, where a cloud's metadata service may answer with the node's identity. */
function* otherHosts(container: Container | EphemeralContainer, path: string): Generator<NodeAccess> {
  for (const probe of PROBES) {
    const handler = container[probe];
    if (handler) yield* hostsOf(handler, `${path}.${probe}`);
  }
  for (const hook of HOOKS) {
    const handler = container.lifecycle?.[hook];
    if (handler) yield* hostsOf(handler, `${path}.lifecycle.${hook}`);
  }
}

interface Handler {
  httpGet?: { host?: string };
  tcpSocket?: { host?: string };
}

function* hostsOf({ httpGet, tcpSocket }: Handler, path: string): Generator<NodeAccess> {
  if (httpGet?.host) yield asking(httpGet.host, `${path}.httpGet.host`);
  if (tcpSocket?.host) yield asking(tcpSocket.host, `${path}.tcpSocket.host`);
}

/** What runtimes give by default. */
const BASELINE_CAPABILITIES: ReadonlySet<string> = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);

/** Of seccomp and AppArmor alike: everything but Unconfined, and what comes after. */
const BASELINE_PROFILES: ReadonlySet<string> = new Set(['RuntimeDefault', 'Localhost']);

const BASELINE_SELINUX_TYPES: ReadonlySet<string> = new Set([
  '',
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
]);

/** Those that are the pod's own, by its namespaces. */
const BASELINE_SYSCTLS: ReadonlySet<string> = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_notsent_lowat',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_slow_start_after_idle',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]);
