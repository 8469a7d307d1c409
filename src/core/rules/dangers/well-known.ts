/** Rights over objects that others go by: by name they are no narrower, where the name is what matters. */
import { PUTS, WRITES, type Danger } from '../danger.ts';

const SYSTEM = 'kube-system';

export const wellKnown: readonly Danger[] = [
  {
    code: 'TrustConfigured',
    rights: [
      {
        apiGroup: '',
        resources: ['configmaps'],
        names: ['aws-auth', 'extension-apiserver-authentication'],
        namespaces: [SYSTEM],
        verbs: WRITES,
      },
    ],
    level: 'Critical',
    everywhere: 'Critical',
    means: 'decides whom the API server, or servers behind it, take for whom',
    because:
      'Amazon’s clusters read from aws-auth which roles are system:masters; servers behind the API server read from extension-apiserver-authentication whose word they take for who asks.',
    reference:
      'https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/#authentication-flow',
  },
  {
    code: 'ClusterConfigured',
    rights: [
      {
        apiGroup: '',
        resources: ['configmaps'],
        names: ['coredns', 'kube-proxy', 'kubeadm-config', 'kubelet-config', 'cluster-info'],
        namespaces: [SYSTEM],
        verbs: WRITES,
      },
      {
        apiGroup: '',
        resources: ['configmaps'],
        names: ['cluster-info'],
        namespaces: ['kube-public'],
        verbs: WRITES,
      },
    ],
    level: 'High',
    everywhere: 'High',
    means: 'decides where names and Services of the cluster lead, or how its nodes are set up',
    because:
      'CoreDNS and kube-proxy are configured by a ConfigMap; kubeadm sets up and upgrades nodes by others, and by cluster-info those that join know the API server.',
    reference: 'https://kubernetes.io/docs/reference/setup-tools/kubeadm/implementation-details/',
  },
  {
    code: 'RootCertificatesWritten',
    // The controller soon writes it over. Who may write all ConfigMaps of a namespace may write this one as well, and is rated the same
    // (OthersDisturbed).
    rights: [
      { apiGroup: '', resources: ['configmaps'], names: ['kube-root-ca.crt'], named: true, verbs: PUTS },
    ],
    level: 'Medium',
    everywhere: 'Medium',
    means: 'decides whom the pods of a namespace take for the API server',
    because:
      'Every pod that has a token has this ConfigMap beside it, and sends the token to whom it vouches for.',
    reference:
      'https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens',
  },
  {
    code: 'AccountsChanged',
    rights: [{ apiGroup: '', resources: ['serviceaccounts'], verbs: ['update', 'patch'] }],
    level: 'Medium',
    everywhere: 'Medium',
    means: 'changes what pods of a service account pull images with, and what it is outside of the cluster',
    because:
      'Pods get the imagePullSecrets of their account; by its annotations clouds and vaults know which role it has there.',
    reference: 'https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/',
  },
  {
    code: 'LeadersChanged',
    rights: [{ apiGroup: 'coordination.k8s.io', resources: ['leases'], verbs: ['update', 'patch'] }],
    level: 'Medium',
    everywhere: 'Medium',
    means: 'stops controllers, or has two of them lead',
    because: 'Of the replicas of a controller, the one works that its Lease names.',
    reference: 'https://kubernetes.io/docs/concepts/architecture/leases/#leader-election',
  },
];
