import { NOTHING_ELSE, type Holder } from './right.ts';

/** Each account exists only while its Job runs. */
export const crds: Holder = {
  name: 'crds',
  account: 'crds',
  about:
    'A Job before install and upgrade, since Helm does not upgrade CRDs. The account, and its rights, exist only while the Job runs.',
  roles: [
    {
      name: 'crds',
      where: 'cluster',
      when: ['crds.upgrade'],
      entries: [
        {
          apiGroups: ['apiextensions.k8s.io'],
          resources: ['customresourcedefinitions'],
          names: ['taskgrants.taskgrant.dev', 'taskgrantclasses.taskgrant.dev'],
          verbs: ['create', 'patch'],
          because:
            'Brings the two CRDs to this version. With a resourceName, `create` is allowed by server-side apply only, which names its object: these two, and no other.',
          gain: 'Weakens the rules of the two kinds, has fields of stored objects dropped, or has the objects converted by a webhook of the thief’s',
          bound: 'These two only, and only while the Job runs. It cannot read or delete them',
          shownBy: [
            NOTHING_ELSE,
            {
              file: 'e2e/chart/lifecycle.e2e.test.ts',
              test: 'with %s > it installs where an older release has left its CRDs, and brings them up to date',
            },
          ],
        },
      ],
    },
  ],
  level: 'Critical',
  accepted: {
    ApiExtended:
      'Somebody has to bring the CRDs to this version, and Helm does not. Two objects by name, for the seconds that the Job takes. With `crds.upgrade: false` it is not there.',
  },
};

export const drain: Holder = {
  name: 'drain',
  account: 'drain',
  about:
    'A Job before an uninstall: stops new grants, ends those that there are, and waits until nothing of any is left. The account, and its rights, exist only while the Job runs.',
  roles: [
    {
      name: 'drain',
      where: 'cluster',
      when: ['drainOnUninstall.enabled'],
      entries: [
        {
          apiGroups: ['admissionregistration.k8s.io'],
          resources: ['mutatingwebhookconfigurations'],
          ownNames: [''],
          verbs: ['delete'],
          because: 'Without its stamp the validating webhook accepts no new grant.',
          gain: 'Stops new grants, and pods from getting an identity',
          bound: 'This one only; the validating one, which refuses, is out of its reach',
          shownBy: [NOTHING_ELSE],
        },
        {
          apiGroups: ['taskgrant.dev'],
          resources: ['taskgrants'],
          verbs: ['list', 'watch', 'patch'],
          because: '`spec.revoke`, and to see that it was done.',
          gain: 'Ends all grants. As whoever may patch grants: resumes suspended ones, and takes finalizers off while the webhook is down',
          bound:
            'A spec never gives more than it did (rules of the CRD); approving takes the verb `approve`, which it has not',
          shownBy: [
            NOTHING_ELSE,
            {
              file: 'e2e/api/taskgrant.e2e.test.ts',
              test: 'a TaskGrant, once created > may be revoked, and never brought back',
            },
          ],
        },
      ],
    },
    {
      name: 'drain-in-probe',
      where: 'probe',
      when: ['drainOnUninstall.enabled'],
      entries: [
        {
          apiGroups: ['taskgrant.dev'],
          resources: ['taskgrants'],
          verbs: ['create'],
          because: 'To see that new grants are refused by now: as a dry run, where no grant becomes active.',
          gain: 'Nothing: it may use no class',
          bound: 'The verb `use` on a class, which it has not; and no pod can exist there',
          shownBy: [
            NOTHING_ELSE,
            {
              file: 'e2e/chart/lifecycle.e2e.test.ts',
              test: 'with %s > that the drain may not use a class is not taken for the end of new grants',
            },
          ],
        },
      ],
    },
  ],
  level: 'Critical',
  accepted: {
    AdmissionWritten:
      '`delete` of one object by name, which refuses what it does not stamp any more, for as long as the Job runs. With `drainOnUninstall.enabled: false` it is not there.',
    GrantsMade: 'It ends grants. It may use no class, and so makes none.',
  },
};
