/** Rights by which somebody becomes somebody else, or gives away more than they have. */
import { PRACTICES, WRITES, type Danger } from '../danger.ts';
import { RBAC_GROUP } from '../right.ts';

const RBAC_REFERENCE = 'https://kubernetes.io/docs/reference/access-authn-authz/rbac/';
const IMPERSONATION_REFERENCE = 'https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/';

export const identities: readonly Danger[] = [
  {
    code: 'UsersImpersonated',
    rights: [
      {
        apiGroup: '',
        resources: ['users', 'groups', 'uids', 'userextras', 'userextras/*'],
        verbs: ['impersonate*'],
        inCluster: true,
      },
      {
        apiGroup: 'authentication.k8s.io',
        resources: ['users', 'groups', 'uids', 'userextras', 'userextras/*', 'nodes'],
        verbs: ['impersonate*'],
        inCluster: true,
      },
    ],
    level: 'Critical',
    everywhere: 'Critical',
    means:
      'acts as any user, group or node that the rule reaches, system:masters among them where nothing limits it',
    because: 'The API server takes whoever is named in the request’s headers for the one who asks.',
    reference: IMPERSONATION_REFERENCE,
  },
  {
    code: 'ServiceAccountsImpersonated',
    rights: [
      { apiGroup: '', resources: ['serviceaccounts'], verbs: ['impersonate*'] },
      { apiGroup: 'authentication.k8s.io', resources: ['serviceaccounts'], verbs: ['impersonate*'] },
    ],
    level: 'High',
    everywhere: 'Critical',
    means: 'acts as service accounts',
    because: 'With the verb * as well: it includes impersonate.',
    reference: `${PRACTICES}#impersonate-verb`,
  },
  {
    code: 'ImpersonationOfAKind',
    rights: [
      { apiGroup: '*', resources: ['*'], verbs: ['impersonate:*', 'impersonate-*'], writtenOut: true },
    ],
    level: 'High',
    everywhere: 'Critical',
    means: 'has a verb by which somebody acts as somebody else',
    because:
      'Constrained impersonation (KEP-5284) takes one verb for whom, and one for what is done; neither has another use, and one that is not known counts as one.',
    reference: IMPERSONATION_REFERENCE,
  },
  {
    code: 'EscalationAllowed',
    rights: [{ apiGroup: RBAC_GROUP, resources: ['roles', 'clusterroles'], verbs: ['escalate'] }],
    level: 'High',
    everywhere: 'Critical',
    means: 'writes rights into a Role that its writer does not hold',
    because: 'The verb escalate lifts the API server’s escalation check.',
    reference: `${RBAC_REFERENCE}#restrictions-on-role-creation-or-update`,
  },
  {
    code: 'BindingAllowed',
    rights: [{ apiGroup: RBAC_GROUP, resources: ['roles', 'clusterroles'], verbs: ['bind'] }],
    level: 'High',
    everywhere: 'Critical',
    means: 'binds roles that it does not hold',
    because:
      'With bind on clusterroles in a Role, cluster-admin can be bound in that namespace. The verb has no other use.',
    reference: `${RBAC_REFERENCE}#restrictions-on-role-binding-creation-or-update`,
  },
  {
    code: 'RightsWritten',
    rights: [
      {
        apiGroup: RBAC_GROUP,
        resources: ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'],
        verbs: WRITES,
      },
    ],
    level: 'High',
    everywhere: 'Critical',
    means: 'gives its own rights to others, or takes others’ away',
    because: 'A binding outlives whoever made it, a task’s identity too.',
    reference: `${RBAC_REFERENCE}#privilege-escalation-prevention-and-bootstrapping`,
  },
];
