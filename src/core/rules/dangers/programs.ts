/** Rights by which somebody runs programs as others, or on nodes. */
import { PRACTICES, PUTS, WRITES, type Danger } from '../danger.ts';

export const programs: readonly Danger[] = [
  {
    code: 'PodsMade',
    rights: [
      { apiGroup: '', resources: ['pods', 'replicationcontrollers', 'podtemplates'], verbs: PUTS },
      {
        apiGroup: 'apps',
        resources: ['deployments', 'statefulsets', 'daemonsets', 'replicasets', 'controllerrevisions'],
        verbs: PUTS,
      },
      { apiGroup: 'batch', resources: ['jobs', 'cronjobs'], verbs: PUTS },
    ],
    level: 'High',
    everywhere: 'Critical',
    means: 'runs programs as any service account of the namespace, with its Secrets',
    because: 'Who writes a pod, or what pods are made from, chooses its account and what it mounts.',
    reference: `${PRACTICES}#workload-creation`,
  },
  {
    code: 'PodsEntered',
    rights: [
      {
        apiGroup: '',
        resources: [
          ...['pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy', 'pods/ephemeralcontainers'],
          'services/proxy',
        ],
      },
    ],
    level: 'High',
    everywhere: 'Critical',
    means: 'runs programs in others’ pods, or speaks to them from within',
    because:
      'A program in the pod has the pod’s tokens. Until 1.35 the verb get was enough for exec and its like.',
    reference: PRACTICES,
  },
  {
    code: 'PodsChanged',
    rights: [
      { apiGroup: '', resources: ['pods/status', 'pods/binding', 'bindings', 'pods/resize'], verbs: PUTS },
    ],
    level: 'High',
    everywhere: 'Critical',
    means: 'changes labels, annotations, results or nodes of others’ pods',
    because:
      'A status is written with the labels that policies and Services go by, and says Succeeded of whom it likes; a binding carries labels and annotations to a pod that is not judged again.',
    reference: PRACTICES,
  },
  {
    code: 'NodesReached',
    rights: [
      { apiGroup: '', resources: ['nodes/*'], inCluster: true },
      { apiGroup: '', resources: ['nodes'], verbs: [...WRITES, 'approve'], inCluster: true },
    ],
    level: 'Critical',
    everywhere: 'Critical',
    means: 'reaches nodes, or decides what runs there',
    because:
      'By nodes/proxy the kubelet runs commands in every pod of the node; the kubelet asks for nodes/* about everybody who comes to it. Labels and taints of nodes decide where pods run.',
    reference: `${PRACTICES}#access-to-proxy-subresource-of-nodes`,
  },
  {
    code: 'VolumesMade',
    rights: [
      { apiGroup: '', resources: ['persistentvolumes'], verbs: PUTS, inCluster: true },
      {
        apiGroup: 'storage.k8s.io',
        resources: ['csidrivers', 'storageclasses', 'csinodes', 'volumeattachments'],
        verbs: WRITES,
        inCluster: true,
      },
    ],
    level: 'Critical',
    everywhere: 'Critical',
    means: 'mounts any path of a node, or has drivers handed tokens of pods',
    because:
      'A PersistentVolume may be a path of a node, and a CSIDriver says of which audiences it gets tokens.',
    reference: `${PRACTICES}#persistent-volume-creation`,
  },
  {
    code: 'DevicesMade',
    rights: [
      {
        apiGroup: 'resource.k8s.io',
        resources: ['deviceclasses', 'resourceslices', 'devicetaintrules'],
        verbs: WRITES,
        inCluster: true,
      },
      {
        apiGroup: 'resource.k8s.io',
        resources: ['resourceclaims/status', 'resourceclaims/binding', 'resourceclaims/driver'],
        verbs: PUTS,
      },
    ],
    level: 'High',
    everywhere: 'Critical',
    means: 'decides what a device is, and which pods get it',
    because: 'A driver’s configuration is files, environment and paths of the node in somebody’s container.',
    reference: 'https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/',
  },
  {
    code: 'TrafficTaken',
    rights: [
      { apiGroup: '', resources: ['services', 'services/status', 'endpoints'], verbs: PUTS },
      { apiGroup: 'discovery.k8s.io', resources: ['endpointslices'], verbs: PUTS },
    ],
    level: 'High',
    everywhere: 'Critical',
    means: 'has what is sent to a Service, or to an address, come to itself',
    because:
      'What clients send, their tokens too, goes to the pods that a Service selects or the addresses that its endpoints say; and what goes to an address that a Service has under externalIPs or in its status goes to that Service (CVE-2020-8554).',
    reference: 'https://github.com/kubernetes/kubernetes/issues/97076',
  },
];
