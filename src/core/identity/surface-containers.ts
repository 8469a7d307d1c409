/** The verdicts on what containers are made of: see surface.ts. */
import { harmless, identity, leads, rulings, type PodSurface } from './verdict.ts';

const OF_ANY_CONTAINER = rulings(
  leads('The program that holds the identity.', 'image'),
  leads('SPIRE’s k8s attestor can give an identity by the name of a container (container-name).', 'name'),
  harmless(
    'Which copy is run, not which image: its name is judged, and a digest fixes its content.',
    'imagePullPolicy',
  ),
  harmless('What the program does with the identity that it is given.', 'command', 'args', 'workingDir'),
  harmless('When it is started again, within the same pod (KEP-753, KEP-5307).', 'restartPolicy'),
  harmless('A terminal, for those who may attach: that is a right of its own.', 'stdin', 'stdinOnce', 'tty'),
  leads(
    'The kubelet mounts a file there, also where a program looks for its token.',
    'terminationMessagePath',
  ),
  harmless('What the kubelet takes for the pod’s status when it ends.', 'terminationMessagePolicy'),
);

const CONFIG_MAP = harmless(
  'ConfigMaps are not for credentials: the API promises no secrecy for them.',
  'name',
  'key',
  'optional',
);

const OF_A_SECRET = 'Which part of a Secret, whose name is judged.';

const MAY_SHADOW = 'Can put other files where a program looks for its token.';

export const CONTAINERS = {
  Container: OF_ANY_CONTAINER,
  EphemeralContainer: rulings(
    OF_ANY_CONTAINER,
    leads(
      'Joins the processes of that container, and by /proc its files and tokens (KEP-277).',
      'targetContainerName',
    ),
  ),
  EnvVar: harmless('What the program does with the identity that it is given.', 'name', 'value'),
  EnvFromSource: harmless('Names of variables; the source has verdicts of its own.', 'prefix'),
  SecretKeySelector: rulings(
    identity('A Secret, as a variable of the program.', 'name'),
    harmless(OF_A_SECRET, 'key', 'optional'),
  ),
  SecretEnvSource: rulings(
    identity('A whole Secret, as variables of the program.', 'name'),
    harmless(OF_A_SECRET, 'optional'),
  ),
  ConfigMapKeySelector: CONFIG_MAP,
  ConfigMapEnvSource: { name: CONFIG_MAP.name, optional: CONFIG_MAP.optional },
  ObjectFieldSelector: harmless(
    'The pod’s own names, labels and addresses: no credential is among them.',
    'apiVersion',
    'fieldPath',
  ),
  ResourceFieldSelector: harmless('Amounts of CPU and memory.', 'containerName', 'resource', 'divisor'),
  FileKeySelector: harmless(
    'A file that a container of the pod wrote: the volume has to be an emptyDir (KEP-3721).',
    'volumeName',
    'path',
    'key',
    'optional',
  ),
  VolumeMount: rulings(
    leads(MAY_SHADOW, 'mountPath'),
    leads(
      'Picks a file out of a volume, also to put it where a program looks for its token.',
      'subPath',
      'subPathExpr',
    ),
    harmless('Which volume: it has verdicts of its own.', 'name'),
    harmless('Takes away only (KEP-3857, KEP-5855).', 'readOnly', 'recursiveReadOnly', 'bindMountOptions'),
    harmless(
      'Bidirectional, by which mounts reach the node, is for privileged containers only (API validation).',
      'mountPropagation',
    ),
  ),
  VolumeDevice: rulings(
    leads(MAY_SHADOW, 'devicePath'),
    harmless('Which volume: it has verdicts of its own.', 'name'),
  ),
  ResourceRequirements: leads(
    'Extended resources are devices, of device plugins or by DeviceClass (KEP-5004): their driver adds what it likes.',
    'limits',
    'requests',
  ),
  ResourceClaim: harmless('Which of the pod’s claims: they have verdicts of their own.', 'name', 'request'),
  ContainerPort: rulings(
    leads(
      'A port of the node, where others expect what belongs to it; the baseline profile forbids it.',
      'hostPort',
      'hostIP',
    ),
    harmless('Says what the program listens on; it opens nothing.', 'containerPort', 'name', 'protocol'),
  ),
  ContainerResizePolicy: harmless(
    'Whether a container is restarted when its CPU or memory changes (KEP-1287).',
    'resourceName',
    'restartPolicy',
  ),
  ContainerRestartRule: harmless('When containers are started again (KEP-5307, KEP-5532).', 'action'),
  ContainerRestartRuleOnExitCodes: harmless(
    'When a container is started again (KEP-5307).',
    'operator',
    'values',
  ),
  Probe: harmless(
    'When, and how often.',
    'initialDelaySeconds',
    'periodSeconds',
    'timeoutSeconds',
    'successThreshold',
    'failureThreshold',
    'terminationGracePeriodSeconds',
  ),
  Lifecycle: harmless('How the container is told to stop (KEP-4960).', 'stopSignal'),
  ExecAction: harmless('Runs in the container, as its own command does.', 'command'),
  SleepAction: harmless('When.', 'seconds'),
  HTTPGetAction: rulings(
    leads(
      'The kubelet connects there, from the node’s address; the baseline profile forbids it since 1.34.',
      'host',
    ),
    harmless(
      'Of a request to the pod itself, unless there is a host, which is judged.',
      'port',
      'path',
      'scheme',
      'protocol',
    ),
  ),
  HTTPHeader: harmless(
    'Of a request to the pod itself, unless there is a host, which is judged.',
    'name',
    'value',
  ),
  TCPSocketAction: rulings(
    leads(
      'The kubelet connects there, from the node’s address; the baseline profile forbids it since 1.34.',
      'host',
    ),
    harmless('Of the pod itself, unless there is a host, which is judged.', 'port'),
  ),
  GRPCAction: harmless('Of the pod itself, always (KEP-2727, KEP-4939).', 'port', 'service', 'mode'),
} satisfies Partial<PodSurface>;
