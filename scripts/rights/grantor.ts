import { floor, NOTHING_ELSE, ONLY_READ, outage, READ, type Entry, type Holder } from './right.ts';

const ceiling = (entry: Pick<Entry, 'apiGroups' | 'resources' | 'because'>): Entry => ({
  verbs: READ,
  gain: 'Reads these in every namespace',
  bound: ONLY_READ,
  shownBy: [NOTHING_ELSE],
  ...entry,
});

export const grantor: Holder = {
  name: 'grantor of the class default',
  account: 'grantor-default',
  about:
    'What grants are written as. No pod runs as it, and the API server mints no token of it for anybody (policy `grantor-tokens`), so that there is none to steal as long as the policy is there. The controller may impersonate it, and so may whoever is `edit` in the release’s namespace: keep others out of it. Its ceiling is the sum of all ClusterRoles with the label `taskgrant.dev/ceiling: default`; whoever may update the class may widen it by the label, by what they hold themselves (policy `ceilings`).',
  roles: [
    {
      name: 'grantor',
      where: 'cluster',
      when: ['defaultClass.create'],
      entries: [
        {
          apiGroups: ['rbac.authorization.k8s.io'],
          resources: ['roles', 'rolebindings'],
          verbs: ['create'],
          because:
            'What every grantor needs besides its ceiling. The API server lets it write no rule, and bind no Role, beyond what it holds itself.',
          gain: 'Hands the ceiling to accounts that are named as those of grants are',
          bound:
            'The escalation check, and policies `roles` and `bindings`: names, shape and subjects of a grant’s, and no rights over RBAC',
          shownBy: [
            floor('a grantor > has no token, whoever asks for one'),
            outage(
              'what the controller may do as the grantor > is not to write a Role beyond the ceiling: the API server’s own escalation check refuses it',
            ),
            outage(
              'what the controller may do as the grantor > is not to hand on its right to write Roles, which the escalation check would let it',
            ),
            outage('what the controller may do as the grantor > is not to bind a Role to %s'),
            outage(
              'what the controller may do as the grantor > is not to write under names that are not a grant’s',
            ),
          ],
        },
      ],
    },
    {
      name: 'ceiling-default',
      where: 'cluster',
      when: ['defaultClass.create'],
      entries: [
        ceiling({
          apiGroups: [''],
          resources: ['configmaps'],
          because: 'What a task is mostly told and asked about: its input.',
        }),
        ceiling({
          apiGroups: [''],
          resources: ['pods', 'services'],
          because: 'What runs, and where it can be reached.',
        }),
        ceiling({
          apiGroups: ['discovery.k8s.io'],
          resources: ['endpointslices'],
          because: 'The same.',
        }),
        ceiling({
          apiGroups: ['apps'],
          resources: ['deployments', 'replicasets', 'statefulsets', 'daemonsets'],
          because: 'Why it runs: what made the pods.',
        }),
        ceiling({ apiGroups: ['batch'], resources: ['jobs', 'cronjobs'], because: 'The same.' }),
      ],
    },
  ],
  level: 'Critical',
  accepted: {
    RightsWritten:
      'That is what a grantor is for. It holds no `escalate` and no `bind`, so that it gives what it has itself, and by the floor only to accounts of grants; of its own right to write Roles nothing.',
    BroadReads:
      'The ceiling of the class `default`: a grant of it gives of this what its requester holds too.',
  },
};
