/** Rights over what judges everybody else. */
import { GROUP } from '../../../api/group.ts';
import { PRACTICES, PUTS, WRITES, type Danger } from '../danger.ts';

export const guards: readonly Danger[] = [
  {
    code: 'AdmissionWritten',
    rights: [
      {
        apiGroup: 'admissionregistration.k8s.io',
        resources: [
          ...['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
          ...['validatingadmissionpolicies', 'validatingadmissionpolicybindings'],
          ...['mutatingadmissionpolicies', 'mutatingadmissionpolicybindings'],
        ],
        verbs: WRITES,
        inCluster: true,
      },
    ],
    level: 'Critical',
    everywhere: 'Critical',
    means: 'reads and changes everything that is written in the cluster, or switches off what judges it',
    because: 'A webhook of its own sees every object that is written, Secrets too, and may change it.',
    reference: `${PRACTICES}#control-admission-webhooks`,
  },
  {
    code: 'ApiExtended',
    rights: [
      {
        apiGroup: 'apiextensions.k8s.io',
        resources: ['customresourcedefinitions', 'customresourcedefinitions/*'],
        verbs: WRITES,
        inCluster: true,
      },
      {
        apiGroup: 'apiregistration.k8s.io',
        resources: ['apiservices', 'apiservices/*'],
        verbs: WRITES,
        inCluster: true,
      },
    ],
    level: 'Critical',
    everywhere: 'Critical',
    means: 'has requests of others come to a server of its own, or removes whole kinds of objects',
    because:
      'An APIService sends every request of a group to its server, with what the API server says of the user; a conversion webhook sees every object.',
    reference: 'https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/',
  },
  {
    code: 'NamespacesChanged',
    rights: [
      {
        apiGroup: '',
        resources: ['namespaces', 'namespaces/status', 'namespaces/finalize'],
        verbs: WRITES,
      },
    ],
    level: 'High',
    everywhere: 'Critical',
    means:
      'takes off the labels by which pods of a namespace are judged, or deletes it with all there is in it',
    because: 'A Role reaches the Namespace that it is in, and its labels by the subresources, too.',
    reference: `${PRACTICES}#namespace-modification`,
  },
  {
    code: 'GrantsMade',
    rights: [{ apiGroup: GROUP, resources: ['*'], verbs: [...WRITES, 'use', 'approve'] }],
    level: 'High',
    everywhere: 'High',
    means: 'makes grants, or what they are bounded by',
    because: 'A task that can make grants is bounded by their class, and not by its own grant.',
    reference: `${PRACTICES}#least-privilege`,
  },
  {
    code: 'EvictedToElsewhere',
    rights: [{ apiGroup: 'scheduling.k8s.io', resources: ['priorityclasses'], verbs: PUTS, inCluster: true }],
    level: 'Medium',
    everywhere: 'Medium',
    means: 'has others’ pods evicted for its own',
    because: 'A pod of a higher priority takes the place of others.',
    reference: 'https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/',
  },
];
