import { describe, expect, test } from 'vitest';
import type { Container, PodSpec } from '../../api/kubernetes.ts';
import {
  aPod,
  withAnnotation,
  withContainer,
  withEphemeralContainer,
  withInitContainer,
  withSpec,
} from '../testing/builders.ts';
import { requestsOf } from '../testing/requests.ts';

type ContainerContext = NonNullable<Container['securityContext']>;
type PodContext = NonNullable<PodSpec['securityContext']>;

const ofContainer = (securityContext: ContainerContext) =>
  requestsOf(aPod(withContainer({ securityContext })), 'NodeAccess');
const ofPod = (securityContext: PodContext) => requestsOf(aPod(withSpec({ securityContext })), 'NodeAccess');
const container = 'spec.containers[0].securityContext';
const pod = 'spec.securityContext';

describe('capabilities', () => {
  test.each([
    ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD'],
    ...['NET_BIND_SERVICE', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
  ])('that runtimes give by default are the pod’s own: %s', (capability) => {
    expect(ofContainer({ capabilities: { add: [capability] } })).toEqual([]);
  });

  test.each(['SYS_ADMIN', 'NET_RAW', 'NET_ADMIN', 'ALL', 'CAP_CHOWN', 'chown', 'CHOWN ', ''])(
    'that are others are the node’s: %j',
    (capability) => {
      expect(ofContainer({ capabilities: { add: ['CHOWN', capability] } })).toEqual([
        [`${container}.capabilities.add[1]`, capability],
      ]);
    },
  );

  test('that are dropped are nobody’s', () => {
    expect(ofContainer({ capabilities: { drop: ['ALL'] } })).toEqual([]);
  });
});

describe('sysctls', () => {
  test.each([
    ...['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.ip_local_reserved_ports'],
    ...['net.ipv4.ip_unprivileged_port_start', 'net.ipv4.ping_group_range', 'net.ipv4.tcp_fin_timeout'],
    ...['net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes', 'net.ipv4.tcp_keepalive_time'],
    ...['net.ipv4.tcp_notsent_lowat', 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_slow_start_after_idle'],
    ...['net.ipv4.tcp_syncookies', 'net.ipv4.tcp_wmem'],
  ])('of the pod’s own namespaces are its own: %s', (name) => {
    expect(ofPod({ sysctls: [{ name, value: '1' }] })).toEqual([]);
  });

  test.each(['kernel.msgmax', 'net.core.somaxconn', 'net/ipv4/tcp_rmem', 'net.ipv4.*', ''])(
    'that are others are the node’s: %j',
    (name) => {
      expect(
        ofPod({
          sysctls: [
            { name: 'net.ipv4.tcp_rmem', value: '1' },
            { name, value: '1' },
          ],
        }),
      ).toEqual([[`${pod}.sysctls[1].name`, name]]);
    },
  );
});

describe.each([
  ['a pod', ofPod, pod],
  ['a container', ofContainer, container],
])('in the security context of %s', (_, of, path) => {
  test.each(['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'])(
    'the SELinux type %j is its own',
    (type) => {
      expect(of({ seLinuxOptions: { type } })).toEqual([]);
    },
  );

  test.each(['spc_t', 'container_t ', 'unconfined_t'])('the SELinux type %j is the node’s', (type) => {
    expect(of({ seLinuxOptions: { type } })).toEqual([[`${path}.seLinuxOptions.type`, type]]);
  });

  test('an SELinux user or role is the node’s, and a level its own', () => {
    expect(of({ seLinuxOptions: { user: 'system_u', role: 'system_r', level: 's0:c1' } })).toEqual([
      [`${path}.seLinuxOptions.user`, 'system_u'],
      [`${path}.seLinuxOptions.role`, 'system_r'],
    ]);
    expect(of({ seLinuxOptions: { user: '', role: '' } })).toEqual([]);
  });

  test.each(['seccompProfile', 'appArmorProfile'] as const)('%s must be one', (field) => {
    expect(of({ [field]: { type: 'Unconfined' } })).toEqual([[`${path}.${field}.type`, 'Unconfined']]);
    expect(of({ [field]: {} })).toEqual([[`${path}.${field}.type`, '']]);
    expect(of({ [field]: { type: 'RuntimeDefault' } })).toEqual([]);
    expect(of({ [field]: { type: 'Localhost', localhostProfile: 'x' } })).toEqual([]);
  });

  test('what Windows has of the node or of a domain is the node’s', () => {
    const windowsOptions = {
      hostProcess: true,
      gmsaCredentialSpecName: 'spec',
      gmsaCredentialSpec: '{"a long": "text"}',
      runAsUserName: 'ContainerUser',
    };
    expect(of({ windowsOptions })).toEqual([
      [`${path}.windowsOptions.hostProcess`, 'true'],
      [`${path}.windowsOptions.gmsaCredentialSpecName`, 'spec'],
      [`${path}.windowsOptions.gmsaCredentialSpec`, 'a gMSA'],
    ]);
    expect(of({ windowsOptions: { hostProcess: false, gmsaCredentialSpec: '' } })).toEqual([]);
  });
});

test('a masked /proc is the container’s own', () => {
  expect(ofContainer({ procMount: 'Default' })).toEqual([]);
  expect(ofContainer({ procMount: null as unknown as string })).toEqual([]);
  for (const procMount of ['Unmasked', 'default', '']) {
    expect(ofContainer({ procMount })).toEqual([[`${container}.procMount`, procMount]]);
  }
});

test('what a container may be in its own user is its own', () => {
  expect(
    ofContainer({ allowPrivilegeEscalation: true, runAsUser: 0, readOnlyRootFilesystem: false }),
  ).toEqual([]);
  expect(ofPod({ runAsUser: 0, fsGroup: 0, supplementalGroups: [0] })).toEqual([]);
});

test('every kind of container is looked at', () => {
  const securityContext = { privileged: true };
  const ports = [{ containerPort: 80, hostPort: 80 }];
  const found = aPod(
    withInitContainer({ securityContext, ports }),
    withContainer({ securityContext, ports }),
    withEphemeralContainer({ securityContext, ports }),
  );
  expect(requestsOf(found, 'NodeAccess').map(([path]) => path)).toEqual(
    ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) => [
      `spec.${list}[0].securityContext.privileged`,
      `spec.${list}[0].ports[0].hostPort`,
    ]),
  );
});

test('a port of the node is the node’s, and none is none', () => {
  const ports = [
    { containerPort: 80 },
    { containerPort: 80, hostPort: 0 },
    { containerPort: 80, hostPort: 8080 },
  ];
  expect(requestsOf(aPod(withContainer({ ports })), 'NodeAccess')).toEqual([
    ['spec.containers[0].ports[2].hostPort', '8080'],
  ]);
});

describe('a host that the kubelet is to ask', () => {
  const httpGet = { host: '169.254.169.254', port: 80 };
  const tcpSocket = { host: '10.0.0.1', port: 80 };

  test.each(['livenessProbe', 'readinessProbe', 'startupProbe'] as const)(
    'is the node’s, in a %s',
    (probe) => {
      expect(requestsOf(aPod(withContainer({ [probe]: { tcpSocket } })), 'NodeAccess')).toHaveLength(1);
      expect(requestsOf(aPod(withContainer({ [probe]: { httpGet } })), 'NodeAccess')).toHaveLength(1);
      expect(requestsOf(aPod(withContainer({ [probe]: { httpGet, tcpSocket } })), 'NodeAccess')).toEqual([
        [`spec.containers[0].${probe}.httpGet.host`, '169.254.169.254'],
        [`spec.containers[0].${probe}.tcpSocket.host`, '10.0.0.1'],
      ]);
    },
  );

  test.each(['postStart', 'preStop'] as const)('is the node’s, in %s', (hook) => {
    const lifecycle = { [hook]: { httpGet, tcpSocket } };
    expect(requestsOf(aPod(withContainer({ lifecycle })), 'NodeAccess').map(([path]) => path)).toEqual([
      `spec.containers[0].lifecycle.${hook}.httpGet.host`,
      `spec.containers[0].lifecycle.${hook}.tcpSocket.host`,
    ]);
  });

  test('is the pod itself where none is said', () => {
    const livenessProbe = {
      httpGet: { host: '', port: 80 },
      tcpSocket: { port: 80 },
      exec: {},
      grpc: { port: 1 },
    };
    expect(requestsOf(aPod(withContainer({ livenessProbe, lifecycle: {} })), 'NodeAccess')).toEqual([]);
  });
});

describe('AppArmor as an annotation', () => {
  const key = 'container.apparmor.security.beta.kubernetes.io/main';
  const asked = (name: string, value: string) => requestsOf(aPod(withAnnotation(name, value)), 'NodeAccess');

  test.each(['', 'runtime/default', 'localhost/strict'])('is a profile: %j', (value) => {
    expect(asked(key, value)).toEqual([]);
  });

  test.each(['unconfined', 'localhost', 'Runtime/Default'])('is none: %j', (value) => {
    expect(asked(key, value)).toEqual([[`metadata.annotations[${key}]`, value]]);
  });

  test('is its own key only', () => {
    expect(asked('apparmor', 'unconfined')).toEqual([]);
  });
});
