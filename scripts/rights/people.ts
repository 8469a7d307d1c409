import { NOTHING_ELSE, READ, type Holder } from './right.ts';

/** Not accounts of ours: what the chart adds to the cluster’s view, edit and admin roles. */
export const people: Holder = {
  name: 'people',
  clusterRoles: ['taskgrant-view', 'taskgrant-edit'],
  about:
    'Not of an account of ours: what the chart adds to the cluster’s own view, edit and admin roles, and so what somebody has who has stolen the token of an editor. Nobody is given the verb `approve` on a class.',
  roles: [
    {
      name: 'taskgrant-view',
      where: 'cluster',
      entries: [
        {
          apiGroups: ['taskgrant.dev'],
          resources: ['taskgrants', 'taskgrantclasses'],
          verbs: READ,
          because: 'To look. Classes are the cluster’s: only a ClusterRoleBinding shows them.',
          gain: 'Intents and envelopes are readable: put no secret into them',
          bound: 'The namespaces in which they hold view, edit or admin',
          shownBy: [NOTHING_ELSE],
        },
      ],
    },
    {
      name: 'taskgrant-edit',
      where: 'cluster',
      entries: [
        {
          apiGroups: ['taskgrant.dev'],
          resources: ['taskgrants'],
          verbs: ['create', 'update', 'patch', 'delete'],
          because: 'To declare grants and to end them. Not their status: that is the controller’s word.',
          gain: 'Nothing without a class that they may use',
          bound: 'The verb `use` on the class is asked for, in every namespace that the grant reaches',
          shownBy: [
            NOTHING_ELSE,
            {
              file: 'e2e/grant/admission.e2e.test.ts',
              test: 'a grant > needs the right to use its class',
            },
          ],
        },
      ],
    },
    {
      name: 'use-default',
      where: 'cluster',
      when: ['defaultClass.create', 'defaultClass.usableByEditors'],
      entries: [
        {
          apiGroups: ['taskgrant.dev'],
          resources: ['taskgrantclasses'],
          names: ['default'],
          verbs: ['use'],
          because:
            'A grant of this class gives nothing that who asks for it does not hold (authorization: RequesterHolds), and whoever may edit a namespace may run pods as any of its accounts anyway. Other classes give more: allow their use one by one.',
          gain: 'Nothing that they do not hold',
          bound: '`RequesterHolds`, and `limits.maxRisk` of the class',
          shownBy: [
            NOTHING_ELSE,
            {
              file: 'e2e/grant/admission.e2e.test.ts',
              test: 'a grant > that gives more than its requester holds is refused with each right that is beyond',
            },
            {
              file: 'e2e/grant/approval.e2e.test.ts',
              test: 'what class default would give is nothing that is High: it is refused at once, with every reason',
            },
          ],
        },
      ],
    },
  ],
  level: 'High',
  accepted: {
    GrantsMade:
      'Whoever may edit a namespace may run pods as any of its accounts. A grant gives them nothing that they do not hold, and what leads further than it says the class `default` refuses.',
  },
};
