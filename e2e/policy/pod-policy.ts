/**
 * What Kubernetes itself can do of the product's checks: one ValidatingAdmissionPolicy on pods, for one kind of task, in the manner of
 * https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/. It sees the pod and nothing else: not where a
 * claim leads, nor what a driver is handed, nor whether the task is over, and its identity is whatever account stands there already.
 */
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../src/api/kubernetes.ts';
import { EXTENDED_TOKEN_SECONDS } from '../../src/api/taskgrant.ts';
import { EXTERNAL_KEYS } from '../../src/core/identity/external-identity.ts';

/** What the pods may have. */
export interface Allowed {
  /** The one account that they run as. */
  readonly account: string;
  /** How references begin: `registry.example/agents/`, or in full with a digest. */
  readonly images: readonly string[];
  /** Whether each reference has to have a digest. */
  readonly requireDigest: boolean;
  readonly secrets: readonly string[];
  /** Of projected tokens; empty is the API server's own. */
  readonly audiences: readonly string[];
  /** A token's longest life. */
  readonly tokenSeconds: number;
}

export interface PodPolicy {
  readonly policy: ValidatingAdmissionPolicy;
  readonly binding: ValidatingAdmissionPolicyBinding;
}

/** @param namespaceLabels of the namespaces in which it judges pods */
export function podPolicy(
  name: string,
  namespaceLabels: Readonly<Record<string, string>>,
  allowed: Allowed,
): PodPolicy {
  return {
    policy: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [
            {
              operations: ['CREATE', 'UPDATE'],
              apiGroups: [''],
              apiVersions: ['v1'],
              resources: ['pods', 'pods/ephemeralcontainers'],
            },
          ],
        },
        variables: variablesFor(allowed),
        validations: VALIDATIONS.map(([expression, message]) => ({
          expression,
          message,
          reason: 'Forbidden',
        })),
      },
    },
    binding: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: {
        policyName: name,
        validationActions: ['Deny'],
        matchResources: { namespaceSelector: { matchLabels: namespaceLabels } },
      },
    },
  };
}

/** Evaluated once for a pod, when one of the validations first needs them. */
function variablesFor(allowed: Allowed) {
  const lists = {
    account: allowed.account,
    images: allowed.images,
    requireDigest: allowed.requireDigest,
    secrets: allowed.secrets,
    audiences: allowed.audiences,
    tokenSeconds: allowed.tokenSeconds,
    externalAnnotations: keysOn('annotation'),
    externalLabels: keysOn('label'),
  };
  return [
    // JSON of lists, texts, numbers and booleans is CEL as well.
    ...Object.entries(lists).map(([name, value]) => ({ name, expression: JSON.stringify(value) })),
    { name: 'containers', expression: 'object.spec.containers + object.spec.?initContainers.orValue([])' },
    { name: 'volumes', expression: 'object.spec.?volumes.orValue([])' },
    { name: 'projected', expression: 'variables.volumes.filter(v, has(v.projected))' },
    {
      name: 'contexts',
      expression: 'variables.containers.filter(c, has(c.securityContext)).map(c, c.securityContext)',
    },
  ];
}

const HANDLERS = [
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle.?postStart',
  'lifecycle.?preStop',
];

/** A key of another identity system that ends in `*` stands for all that begin so. */
function keysOn(place: 'annotation' | 'label'): string[] {
  return EXTERNAL_KEYS.filter(({ on }) => on === place).map(({ key }) => key.replace(/\*$/, ''));
}

/** The kinds of volume that bring nothing of the node or of the cluster's own credentials along; a Secret is looked at by its name. */
const VOLUME_TYPES = [
  ...[
    'configMap',
    'downwardAPI',
    'emptyDir',
    'ephemeral',
    'image',
    'persistentVolumeClaim',
    'projected',
    'secret',
  ],
];

/** What runtimes give by default: the baseline profile of the Pod Security Standards. */
const CAPABILITIES = [
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE'],
  ...['SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
];

const SYSCTLS = [
  ...['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.ip_local_reserved_ports'],
  ...['net.ipv4.ip_unprivileged_port_start', 'net.ipv4.ping_group_range', 'net.ipv4.tcp_fin_timeout'],
  ...['net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes', 'net.ipv4.tcp_keepalive_time'],
  ...['net.ipv4.tcp_notsent_lowat', 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_slow_start_after_idle'],
  ...['net.ipv4.tcp_syncookies', 'net.ipv4.tcp_wmem'],
];
const SELINUX_TYPES = ['container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t', ''];
const PROFILES = ['RuntimeDefault', 'Localhost'];

/** No variable: as one, an optional value was always taken for an absent one (seen with Kubernetes 1.37). */
const POD_CONTEXT = 'object.spec.?securityContext';

/** Each expression, and what is said where it is false. */
const VALIDATIONS: readonly (readonly [expression: string, message: string])[] = [
  [
    'object.spec.?serviceAccountName.orValue("") == variables.account',
    'the pod must run as the task’s account',
  ],
  [
    '!object.spec.?automountServiceAccountToken.orValue(true)',
    'automountServiceAccountToken must be false: the token that is mounted lives for a year',
  ],
  [
    `variables.containers.all(c, variables.images.exists(prefix, c.?image.orValue("").startsWith(prefix)) &&
      (!variables.requireDigest || c.?image.orValue("").contains("@sha256:")))`,
    'an image is not among those of the task',
  ],
  [
    `variables.volumes.filter(v, has(v.image)).all(v, variables.images.exists(prefix, v.image.?reference.orValue("").startsWith(prefix)) &&
      (!variables.requireDigest || v.image.?reference.orValue("").contains("@sha256:")))`,
    'the image of a volume is not among those of the task',
  ],
  [
    '!has(object.spec.ephemeralContainers) || object.spec.ephemeralContainers.size() == 0',
    'no ephemeral containers',
  ],
  [
    `variables.containers.all(c, c.?env.orValue([]).all(e,
      !has(e.valueFrom) || !has(e.valueFrom.secretKeyRef) || e.valueFrom.secretKeyRef.?name.orValue("") in variables.secrets))`,
    'a variable is from a Secret that is not the task’s',
  ],
  [
    `variables.containers.all(c, c.?envFrom.orValue([]).all(e,
      !has(e.secretRef) || e.secretRef.?name.orValue("") in variables.secrets))`,
    'the environment is from a Secret that is not the task’s',
  ],
  [
    'variables.volumes.all(v, !has(v.secret) || v.secret.?secretName.orValue("") in variables.secrets)',
    'a volume is of a Secret that is not the task’s',
  ],
  [
    'variables.projected.all(v, v.projected.?sources.orValue([]).all(s, !has(s.secret) || s.secret.?name.orValue("") in variables.secrets))',
    'a projected volume has a Secret that is not the task’s',
  ],
  [
    'object.spec.?imagePullSecrets.orValue([]).all(s, s.?name.orValue("") in variables.secrets)',
    'images are pulled with a Secret that is not the task’s',
  ],
  [
    `variables.volumes.all(v, ${VOLUME_TYPES.map((type) => `has(v.${type})`).join(' || ')})`,
    'a volume is of a kind that brings the node’s or the cluster’s own credentials along',
  ],
  [
    `variables.projected.all(v, v.projected.?sources.orValue([]).filter(s, has(s.serviceAccountToken)).all(s,
      s.serviceAccountToken.?audience.orValue("") in variables.audiences &&
      s.serviceAccountToken.?expirationSeconds.orValue(3600) <= variables.tokenSeconds &&
      s.serviceAccountToken.?expirationSeconds.orValue(3600) != ${EXTENDED_TOKEN_SECONDS}))`,
    'a token is for another audience, or lives for longer, than the task’s',
  ],
  [
    'variables.projected.all(v, v.projected.?sources.orValue([]).all(s, !has(s.podCertificate)))',
    'no pod certificates',
  ],
  [
    `variables.containers.all(c, c.?volumeMounts.orValue([]).all(m,
      !m.mountPath.matches("^/+(var/+)?run/+secrets/") ||
      variables.volumes.exists(v, v.name == m.name && has(v.projected) && v.projected.?sources.orValue([]).exists(s, has(s.serviceAccountToken)))))`,
    'something else stands where programs look for their token',
  ],
  [
    `!object.metadata.?annotations.orValue({}).exists(key, variables.externalAnnotations.exists(prefix, key.startsWith(prefix)))`,
    'an annotation is another identity system’s',
  ],
  [
    `!object.metadata.?labels.orValue({}).exists(key, variables.externalLabels.exists(prefix, key.startsWith(prefix)))`,
    'a label is another identity system’s',
  ],
  [
    '!object.spec.?hostNetwork.orValue(false) && !object.spec.?hostPID.orValue(false) && !object.spec.?hostIPC.orValue(false)',
    'no namespaces of the node',
  ],
  ['!object.spec.?shareProcessNamespace.orValue(false)', 'containers see each other’s processes'],
  ['oldObject != null || object.spec.?nodeName.orValue("") == ""', 'the scheduler chooses the node'],
  [
    'object.spec.?resourceClaims.orValue([]).size() == 0 && variables.containers.all(c, [c.?resources.?limits.orValue({}), c.?resources.?requests.orValue({})].all(list, list.all(name, !name.contains("/") || name.contains("kubernetes.io/"))))',
    'no devices',
  ],
  ['variables.contexts.all(s, !s.?privileged.orValue(false))', 'no privileged containers'],
  [
    `variables.contexts.all(s, s.?capabilities.?add.orValue([]).all(name, name in ${JSON.stringify(CAPABILITIES)}))`,
    'a capability is more than what runtimes give',
  ],
  ['variables.contexts.all(s, s.?procMount.orValue("Default") == "Default")', 'procMount must be Default'],
  [
    `variables.contexts.all(s, s.?seccompProfile.?type.orValue("RuntimeDefault") in ${JSON.stringify(PROFILES)} && s.?appArmorProfile.?type.orValue("RuntimeDefault") in ${JSON.stringify(PROFILES)}) &&
      ${POD_CONTEXT}.?seccompProfile.?type.orValue("RuntimeDefault") in ${JSON.stringify(PROFILES)} &&
      ${POD_CONTEXT}.?appArmorProfile.?type.orValue("RuntimeDefault") in ${JSON.stringify(PROFILES)}`,
    'seccomp and AppArmor must not be off',
  ],
  [
    `variables.contexts.all(s, s.?seLinuxOptions.?type.orValue("") in ${JSON.stringify(SELINUX_TYPES)} && s.?seLinuxOptions.?user.orValue("") == "" && s.?seLinuxOptions.?role.orValue("") == "") &&
      ${POD_CONTEXT}.?seLinuxOptions.?type.orValue("") in ${JSON.stringify(SELINUX_TYPES)} &&
      ${POD_CONTEXT}.?seLinuxOptions.?user.orValue("") == "" && ${POD_CONTEXT}.?seLinuxOptions.?role.orValue("") == ""`,
    'SELinux must be as usual',
  ],
  [
    `${POD_CONTEXT}.?sysctls.orValue([]).all(s, s.name in ${JSON.stringify(SYSCTLS)})`,
    'a sysctl is more than the pod’s own',
  ],
  [
    `!variables.contexts.exists(s, s.?windowsOptions.?hostProcess.orValue(false) || s.?windowsOptions.?gmsaCredentialSpecName.orValue("") != "" || s.?windowsOptions.?gmsaCredentialSpec.orValue("") != "") &&
      !${POD_CONTEXT}.?windowsOptions.?hostProcess.orValue(false) &&
      ${POD_CONTEXT}.?windowsOptions.?gmsaCredentialSpecName.orValue("") == "" && ${POD_CONTEXT}.?windowsOptions.?gmsaCredentialSpec.orValue("") == ""`,
    'no host processes and no managed accounts of Windows',
  ],
  [
    'variables.containers.all(c, c.?ports.orValue([]).all(p, p.?hostPort.orValue(0) == 0))',
    'no ports of the node',
  ],
  [
    `variables.containers.all(c, ${HANDLERS.map((handler) => `c.?${handler}.?httpGet.?host.orValue("") == "" && c.?${handler}.?tcpSocket.?host.orValue("") == ""`).join(' && ')})`,
    'probes and hooks must not ask other hosts',
  ],
];
