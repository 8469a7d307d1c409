import { floor, NOTHING_ELSE, ONLY_READ, outage, READ, type Entry, type Holder } from './right.ts';

const reads = (
  entry: Pick<Entry, 'apiGroups' | 'resources' | 'because' | 'gain'> & Partial<Entry>,
): Entry => ({
  verbs: READ,
  bound: ONLY_READ,
  shownBy: [NOTHING_ELSE, outage('the webhook’s account can change nothing in the cluster')],
  ...entry,
});

export const webhook: Holder = {
  name: 'webhook',
  account: 'webhook',
  about:
    'The process that the network can reach. Its token is in its pods, lives for an hour and ends with the pod. It reads and asks; it can change nothing, and what somebody else bound to it could not be used either (policy `webhook` of the floor).',
  roles: [
    {
      name: 'webhook',
      where: 'cluster',
      entries: [
        reads({
          apiGroups: ['taskgrant.dev'],
          resources: ['taskgrants', 'taskgrantclasses'],
          because: 'What pods and grants are judged by.',
          gain: 'Sees all grants: who asked for what, and the names of their accounts',
        }),
        reads({
          apiGroups: [''],
          resources: ['namespaces', 'pods'],
          because: 'The labels of enforcement, and the other pods of a grant.',
          gain: 'Sees all pods’ specs, with what people write into their environment',
        }),
        reads({
          apiGroups: [''],
          resources: ['serviceaccounts'],
          because:
            'Which imagePullSecrets the API server has copied into a pod from the account that it would have had, and by what other identity systems know the account of a grant.',
          gain: 'Sees the names and annotations of all accounts',
        }),
        reads({
          apiGroups: [''],
          resources: ['persistentvolumeclaims'],
          verbs: ['get'],
          because: 'Which volume, or which class, stands behind a pod’s claim.',
          gain: 'Sees a claim whose name it knows',
        }),
        reads({
          apiGroups: [''],
          resources: ['persistentvolumes'],
          because:
            'Which driver, or which path of the node, stands behind a pod’s claim: any volume of its class that nobody has yet may be bound to it.',
          gain: 'Sees all volumes, and the names of the Secrets that they use',
        }),
        reads({
          apiGroups: ['storage.k8s.io'],
          resources: ['csidrivers', 'storageclasses'],
          because: 'Which drivers are handed tokens of the pod, and which driver a class leads to.',
          gain: 'Sees both, which every authenticated user of most clusters may',
        }),
        reads({
          apiGroups: ['resource.k8s.io'],
          resources: ['resourceclaims', 'resourceclaimtemplates'],
          verbs: ['get'],
          because: 'Of which classes the devices are that a pod claims.',
          gain: 'Sees a claim of devices whose name it knows',
        }),
        {
          apiGroups: ['authorization.k8s.io'],
          resources: ['subjectaccessreviews'],
          verbs: ['create'],
          because: 'Whether who asks for a grant may use its class, and holds what the envelope gives.',
          gain: 'Learns who may do what',
          bound: 'A question changes nothing. Whatever else it writes, policy `webhook` refuses',
          shownBy: [
            floor('whoever has the webhook’s token writes nothing, whatever somebody has bound to it'),
            outage('the webhook’s account can change nothing in the cluster'),
          ],
        },
      ],
    },
    {
      name: 'webhook-in-release',
      where: 'release',
      entries: [
        {
          apiGroups: [''],
          resources: ['secrets'],
          ownNames: ['webhook-tls'],
          verbs: ['list', 'watch'],
          because:
            'Its own certificate and key, which the controller (or cert-manager) renews; not the CA’s key.',
          gain: 'Answers for the webhook where the thief can redirect what the API server sends: says yes to pods and grants',
          bound:
            'The key is good for a month, for this Service only. It signs nothing; what is given is written by the controller, within the ceiling',
          shownBy: [NOTHING_ELSE],
        },
      ],
    },
  ],
  level: 'High',
  accepted: {
    SecretsReached:
      'One Secret, by name: its own certificate. It serves with it, so its process has the key anyway. Not the CA’s key, and no other Secret.',
    BroadReads:
      'A pod is judged by its grant’s other pods, and connections and mints by the pod that they are for, in every namespace that is enforced, which RBAC cannot say.',
    OthersDisturbed: 'A SubjectAccessReview is a question; nothing is stored.',
  },
};
