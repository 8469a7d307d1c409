import {
  floor,
  NOTHING_ELSE,
  ONLY_READ,
  outage,
  READ,
  type Entry,
  type Holder,
  type Shown,
} from './right.ts';

const ONLY_GRANTS = 'Policy `controller`: what was made for grants, and nothing of others';

const reads = (
  entry: Pick<Entry, 'apiGroups' | 'resources' | 'because' | 'gain'> & Partial<Entry>,
): Entry => ({
  verbs: READ,
  bound: ONLY_READ,
  shownBy: [NOTHING_ELSE],
  ...entry,
});

const thief = (test: string): Shown => floor(`whoever has the controller’s token > ${test}`);
const asGrantor = (test: string): Shown => outage(`what the controller may do as the grantor > ${test}`);
const mayNot = (test: string): Shown => outage(`what the controller may not do > ${test}`);

const WATCHES = 'is to change what it watches: the floor, the CRDs, and what says how they were installed';

const grantsOnly: readonly [Shown, ...Shown[]] = [
  thief('deletes no pod, account, Role or binding that is not a grant’s'),
  thief('deletes those of grants'),
];

export const controller: Holder = {
  name: 'controller',
  account: 'controller',
  about:
    'All writes of the product. Nothing listens in it but metrics and probes, which take no input. Its token is in its pods, lives for an hour and ends with the pod. It can delete what it made, and create service accounts, which hold nothing. It can neither create nor change a Role or a binding, nor escalate, nor bind: what a grant gives is written as the class’s grantor, and so judged by the API server’s own escalation check.',
  roles: [
    {
      name: 'controller',
      where: 'cluster',
      entries: [
        reads({
          apiGroups: ['taskgrant.dev'],
          resources: ['taskgrants', 'taskgrantclasses'],
          because: 'What there is to do, and within which limits, as which grantor.',
          gain: 'Sees all grants and classes',
        }),
        {
          apiGroups: ['taskgrant.dev'],
          resources: ['taskgrants'],
          verbs: ['patch'],
          because: 'The finalizer of grants.',
          gain: 'Takes a grant’s finalizer off, and with it its receipt; puts labels and finalizers on grants',
          bound: 'Policy `controller`: no change of a spec. It can neither create one nor approve one',
          shownBy: [thief('changes nothing that somebody has declared')],
        },
        {
          apiGroups: ['taskgrant.dev'],
          resources: ['taskgrants'],
          verbs: ['delete'],
          because: 'Grants whose time to be read is over.',
          gain: 'Ends grants, and removes receipts',
          bound: 'A grant that goes takes its rights with it: harm to availability, never a gain of rights',
          shownBy: [
            {
              file: 'e2e/grant/endings.e2e.test.ts',
              test: 'a grant ends > when it is deleted: the object goes only after everything that was made for it',
            },
          ],
        },
        {
          apiGroups: ['taskgrant.dev'],
          resources: ['taskgrants/status', 'taskgrantclasses/status'],
          verbs: ['update'],
          because: 'Phase, inventory and receipt.',
          gain: 'Forges receipts; makes a grant look active, since whenever: one that waits is ended by that where the controller runs',
          bound:
            'The CRD’s own rules: nothing leads back from an end, an account that is named stays, and none is named but as those of this grant are, which nobody else makes. Rights are still those only that were written as a grantor',
          shownBy: [
            { file: 'e2e/api/taskgrant.e2e.test.ts', test: 'the status of a TaskGrant > stays finished' },
            {
              file: 'e2e/api/taskgrant.e2e.test.ts',
              test: 'the status of a TaskGrant > never leads back from a revocation',
            },
            {
              file: 'e2e/api/taskgrant.e2e.test.ts',
              test: 'the status of a TaskGrant > names one service account and one activation',
            },
            {
              file: 'e2e/api/taskgrant.e2e.test.ts',
              test: 'the status of a TaskGrant > names no account that is not made for this grant',
            },
          ],
        },
        reads({
          apiGroups: [''],
          resources: ['namespaces'],
          because: 'Whether a grant’s namespace is enforced, or going.',
          gain: 'Sees all namespaces',
        }),
        reads({
          apiGroups: [''],
          resources: ['pods'],
          because: 'When a task is done, and which pods a grant has.',
          gain: 'Sees all pods’ specs, with what people write into their environment',
        }),
        {
          apiGroups: [''],
          resources: ['pods'],
          verbs: ['delete'],
          because: 'Pods that still run when their grant ends.',
          gain: 'Stops pods of grants',
          bound: ONLY_GRANTS,
          shownBy: grantsOnly,
        },
        reads({
          apiGroups: [''],
          resources: ['serviceaccounts'],
          because: 'The identity, and whether it is as it was made.',
          gain: 'Sees the names and annotations of all accounts',
        }),
        {
          apiGroups: [''],
          resources: ['serviceaccounts'],
          verbs: ['create'],
          because: 'The identity, which holds nothing yet.',
          gain: 'Makes accounts that hold nothing but what all accounts do',
          bound:
            'Policy `controller`: names as those of grants, without Secrets and without a token that is mounted by itself. It can neither mint a token of one nor run a pod as one',
          shownBy: [thief('makes no account of another name, and none with Secrets')],
        },
        {
          apiGroups: [''],
          resources: ['serviceaccounts'],
          verbs: ['delete'],
          because: 'The end of the identity: every token of it is worthless then.',
          gain: 'Ends the identities of grants',
          bound: ONLY_GRANTS,
          shownBy: grantsOnly,
        },
        reads({
          apiGroups: ['rbac.authorization.k8s.io'],
          resources: ['roles', 'rolebindings'],
          because:
            'Whether what was given is as it was decided; what others have bound to the identity (status.risk).',
          gain: 'Sees who may do what in every namespace',
        }),
        {
          apiGroups: ['rbac.authorization.k8s.io'],
          resources: ['roles', 'rolebindings'],
          verbs: ['delete'],
          because: 'Takes rights away; it never gives any.',
          gain: 'Takes rights from grants',
          bound: ONLY_GRANTS,
          shownBy: grantsOnly,
        },
        reads({
          apiGroups: ['rbac.authorization.k8s.io'],
          resources: ['clusterroles', 'clusterrolebindings'],
          verbs: ['list', 'watch'],
          because:
            'What else is bound to the identity, by name or by the groups of all accounts, and who may act as it (status.risk).',
          gain: 'Sees who may do what in the whole cluster',
        }),
        {
          apiGroups: ['authorization.k8s.io'],
          resources: ['subjectaccessreviews'],
          verbs: ['create'],
          because: 'What requester and grantor hold, and the proof that a revoked identity holds nothing.',
          gain: 'Learns who may do what',
          bound: 'A question changes nothing',
          shownBy: [NOTHING_ELSE],
        },
        {
          apiGroups: ['events.k8s.io'],
          resources: ['events'],
          verbs: ['create', 'patch'],
          because: 'Says what happened.',
          gain: 'False Events',
          bound: 'Nothing of the product decides by Events; it can delete none',
          shownBy: [NOTHING_ELSE],
        },
        reads({
          apiGroups: ['admissionregistration.k8s.io'],
          resources: ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
          ownNames: [''],
          verbs: ['list', 'watch'],
          because: 'Whether they are as they were installed, and which CA the API server believes.',
          gain: 'Sees how pods and grants are selected',
        }),
        reads({
          apiGroups: ['admissionregistration.k8s.io'],
          resources: ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'],
          verbs: ['list', 'watch'],
          because:
            'Whether the floor is as it was installed. It reads those with the release’s label: by names it would take a watch for each of two dozen. It raises an alarm, and mends nothing.',
          gain: 'Sees the admission policies of the cluster',
          shownBy: [NOTHING_ELSE, mayNot(WATCHES)],
        }),
        reads({
          apiGroups: ['apiextensions.k8s.io'],
          resources: ['customresourcedefinitions'],
          names: ['taskgrants.taskgrant.dev', 'taskgrantclasses.taskgrant.dev'],
          verbs: ['list', 'watch'],
          because: 'Whether its own two CRDs still hold what this version wants.',
          gain: 'Sees what the chart says anyway',
          shownBy: [NOTHING_ELSE, mayNot(WATCHES)],
        }),
      ],
    },
    {
      name: 'controller-certificates',
      where: 'cluster',
      when: ['own certificates'],
      entries: [
        {
          apiGroups: ['admissionregistration.k8s.io'],
          resources: ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
          ownNames: [''],
          verbs: ['patch'],
          because:
            'The CA bundle in the product’s own webhook configurations. It can neither make nor delete one.',
          gain: 'Another CA: no task pod starts (no answer is a no), or, for a thief who can redirect what the API server sends, answers for the webhook',
          bound:
            'Policy `controller`: the CA bundles and nothing else, so that the API server calls nobody else, about nothing else, and no answer stays a no. It holds as long as the policy is there; from a file nobody can remove it',
          shownBy: [
            mayNot('is to change anything of its webhook configurations but their CA bundles'),
            {
              file: 'e2e/floor/manifests.e2e.test.ts',
              test: 'whoever has the controller’s token leads the API server’s calls nowhere else, whatever somebody has bound to it',
            },
          ],
        },
      ],
    },
    {
      name: 'controller-certificates-in-release',
      where: 'release',
      when: ['own certificates'],
      entries: [
        {
          apiGroups: [''],
          resources: ['secrets'],
          ownNames: ['ca', 'webhook-tls'],
          verbs: ['list', 'watch', 'create', 'update', 'patch'],
          because:
            'The CA and the webhook’s certificate (state.yaml). With a resourceName, `create` is allowed by server-side apply only, which names its object: so one that somebody has deleted can be made again, and no other.',
          gain: 'The key of the CA that the API server believes the webhook by: answers for the webhook, where the thief can redirect what the API server sends',
          bound: 'These two only, and the CA is believed for this webhook only',
          shownBy: [
            mayNot('is to read or create Secrets other than its two'),
            mayNot('is to make a Secret that somebody has deleted, except for its two, and only by name'),
          ],
        },
      ],
    },
    {
      name: 'controller-in-release',
      where: 'release',
      entries: [
        reads({
          apiGroups: [''],
          resources: ['configmaps'],
          ownNames: ['installed'],
          verbs: ['list', 'watch'],
          because: 'What was installed (installed.yaml): with that it compares what guards grants.',
          gain: 'Sees what the chart says anyway',
          shownBy: [NOTHING_ELSE, mayNot(WATCHES)],
        }),
        {
          apiGroups: ['coordination.k8s.io'],
          resources: ['leases'],
          ownNames: ['controller'],
          verbs: ['get', 'update'],
          because: 'Who leads.',
          gain: 'Stops the controller: nothing new becomes active, and nothing ends',
          bound: 'Its own only. Tokens of tasks end with their grants all the same',
          shownBy: [NOTHING_ELSE],
        },
        {
          apiGroups: ['coordination.k8s.io'],
          resources: ['leases'],
          verbs: ['create'],
          because: 'Makes its Lease again where somebody deleted it.',
          gain: 'Nothing beyond the above',
          bound: 'Policy `controller`: its own name only, which RBAC cannot say of what is created',
          shownBy: [thief('makes no Lease but its own')],
        },
      ],
    },
    {
      name: 'probe',
      where: 'probe',
      entries: [
        {
          apiGroups: [''],
          resources: ['pods'],
          verbs: ['create'],
          because: 'The proof of enforcement: a pod that must be refused.',
          gain: 'Nothing: no account there holds anything',
          bound: 'Policy `controller`: as a dry run only. The quota of the namespace is 0 besides',
          shownBy: [
            thief('runs no pod where it proves enforcement, which it does by dry runs'),
            mayNot('is to create a pod anywhere but in the probe namespace, where no pod can exist'),
          ],
        },
      ],
    },
    {
      name: 'controller-as-grantor',
      where: 'cluster',
      when: ['constrained impersonation'],
      entries: [
        {
          apiGroups: ['rbac.authorization.k8s.io'],
          resources: ['roles', 'rolebindings'],
          verbs: ['impersonate-on:serviceaccount:create'],
          because: 'What it may do as a grantor, once it may be one: nothing but this.',
          gain: 'By itself nothing: see the next',
          bound: 'It says what may be done, and not as whom; of whatever else a grantor may do it says no',
          shownBy: [asGrantor('is nothing else: it cannot read what the grantor can read')],
        },
      ],
    },
    {
      name: 'is-grantor-constrained',
      where: 'release',
      when: ['defaultClass.create', 'constrained impersonation'],
      entries: [
        {
          apiGroups: ['authentication.k8s.io'],
          resources: ['serviceaccounts'],
          ownNames: ['grantor-default'],
          verbs: ['impersonate:serviceaccount'],
          because: 'That it may be this grantor, and no one else.',
          gain: '**Gives the ceiling to any account that is named as those of grants are.** Such an account it can make, but neither mint its token nor run a pod as it: for that it needs somebody who may run pods anywhere',
          bound:
            'The escalation check holds it within the ceiling, policies `roles` and `bindings` to the shape of a grant',
          shownBy: [
            mayNot('is to be anybody but the grantor'),
            asGrantor(
              'is not to write a Role beyond the ceiling: the API server’s own escalation check refuses it',
            ),
            asGrantor('is not to hand on its right to write Roles, which the escalation check would let it'),
            asGrantor('is not to bind a Role to %s'),
            asGrantor('is not to write under names that are not a grant’s'),
          ],
        },
      ],
    },
    {
      name: 'is-grantor-plain',
      where: 'release',
      when: ['defaultClass.create', 'plain impersonation'],
      entries: [
        {
          apiGroups: [''],
          resources: ['serviceaccounts'],
          ownNames: ['grantor-default'],
          verbs: ['impersonate'],
          because: 'The same, before Kubernetes 1.36.',
          gain: 'The above, and everything that the ceiling itself allows',
          bound: 'The same, and the ceiling, which `default` has without Secrets and without any write',
          shownBy: [
            mayNot('is to be anybody but the grantor'),
            asGrantor(
              'is not to write a Role beyond the ceiling: the API server’s own escalation check refuses it',
            ),
            asGrantor('is not to bind a Role to %s'),
          ],
        },
      ],
    },
  ],
  level: 'Critical',
  accepted: {
    AdmissionWritten:
      'The certificate’s CA changes every year without a person. Two objects by name, `patch` only, and of those the floor lets it write the CA bundles alone. Where the API server has the policy from a file, no request can take that away.',
    ImpersonationOfAKind:
      'The two halves of acting as the grantor to create Roles and bindings, the narrowest that Kubernetes has. The alternative is to hold `escalate` and `bind`.',
    RightsWritten:
      'It takes away only. RBAC cannot say “those of grants”; the floor does, and holds it to their names.',
    GrantsMade:
      'Status, finalizer and removal; no `create`, no `use`, no `approve`, and by the floor no change of a spec.',
    PodsMade:
      'In the probe namespace, in which no pod can exist: by the floor as a dry run, and the quota is 0.',
    SecretsReached:
      'Two Secrets, by name: what it made itself. It cannot read another, nor make one whose name is not theirs, and so no token either.',
    ServiceAccountsImpersonated:
      'One account by name: the grantor, which holds the ceiling of the class and the right to write Roles within it.',
    BroadReads:
      'It ends a grant by what its pods do, in every namespace that is enforced, which RBAC cannot say.',
    LeadersChanged: 'Its own Lease, by name.',
    OthersDisturbed:
      'Of pods and accounts the floor lets it touch those of grants only, of Leases its own; Events and questions change nothing that anybody decides by.',
  },
};
