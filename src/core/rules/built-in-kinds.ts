/** Generated from the discovery documents of Kubernetes by `npm run generate:kinds`; do not edit. */
import type { BuiltInKinds } from './scope.ts';

export const BUILT_IN_KINDS_VERSION = '1.37.2';

/** The kinds of the API server itself, by their groups. */
export const BUILT_IN_KINDS: BuiltInKinds = {
  '': {
    cluster: ['componentstatuses', 'namespaces', 'nodes', 'persistentvolumes'],
    namespaced: [
      'bindings',
      'configmaps',
      'endpoints',
      'events',
      'limitranges',
      'persistentvolumeclaims',
      'pods',
      'podtemplates',
      'replicationcontrollers',
      'resourcequotas',
      'secrets',
      'serviceaccounts',
      'services',
    ],
  },
  'admissionregistration.k8s.io': {
    cluster: [
      'mutatingadmissionpolicies',
      'mutatingadmissionpolicybindings',
      'mutatingwebhookconfigurations',
      'validatingadmissionpolicies',
      'validatingadmissionpolicybindings',
      'validatingwebhookconfigurations',
    ],
    namespaced: [],
  },
  'apiextensions.k8s.io': { cluster: ['customresourcedefinitions'], namespaced: [] },
  'apiregistration.k8s.io': { cluster: ['apiservices'], namespaced: [] },
  apps: {
    cluster: [],
    namespaced: ['controllerrevisions', 'daemonsets', 'deployments', 'replicasets', 'statefulsets'],
  },
  'authentication.k8s.io': { cluster: ['selfsubjectreviews', 'tokenreviews'], namespaced: [] },
  'authorization.k8s.io': {
    cluster: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'subjectaccessreviews'],
    namespaced: ['localsubjectaccessreviews'],
  },
  autoscaling: { cluster: [], namespaced: ['horizontalpodautoscalers'] },
  batch: { cluster: [], namespaced: ['cronjobs', 'jobs'] },
  'certificates.k8s.io': {
    cluster: ['certificatesigningrequests', 'clustertrustbundles'],
    namespaced: ['podcertificaterequests'],
  },
  'coordination.k8s.io': { cluster: [], namespaced: ['leasecandidates', 'leases'] },
  'discovery.k8s.io': { cluster: [], namespaced: ['endpointslices'] },
  'events.k8s.io': { cluster: [], namespaced: ['events'] },
  'flowcontrol.apiserver.k8s.io': { cluster: ['flowschemas', 'prioritylevelconfigurations'], namespaced: [] },
  'internal.apiserver.k8s.io': { cluster: ['storageversions'], namespaced: [] },
  'lifecycle.k8s.io': { cluster: [], namespaced: ['evictionrequests', 'evictions'] },
  'networking.k8s.io': {
    cluster: ['ingressclasses', 'ipaddresses', 'servicecidrs'],
    namespaced: ['ingresses', 'networkpolicies'],
  },
  'node.k8s.io': { cluster: ['runtimeclasses'], namespaced: [] },
  policy: { cluster: [], namespaced: ['poddisruptionbudgets'] },
  'rbac.authorization.k8s.io': {
    cluster: ['clusterrolebindings', 'clusterroles'],
    namespaced: ['rolebindings', 'roles'],
  },
  'resource.k8s.io': {
    cluster: ['deviceclasses', 'devicetaintrules', 'resourcepoolstatusrequests', 'resourceslices'],
    namespaced: ['resourceclaims', 'resourceclaimtemplates'],
  },
  'scheduling.k8s.io': {
    cluster: ['priorityclasses'],
    namespaced: ['compositepodgroups', 'podgroups', 'workloads'],
  },
  'storage.k8s.io': {
    cluster: ['csidrivers', 'csinodes', 'storageclasses', 'volumeattachments', 'volumeattributesclasses'],
    namespaced: ['csistoragecapacities'],
  },
  'storagemigration.k8s.io': { cluster: ['storageversionmigrations'], namespaced: [] },
};
