import { ENFORCE_LABEL } from '../../api/group.ts';
import { usernameOf } from '../names.ts';
import { RBAC_GROUP } from '../rules/right.ts';
import {
  CLASSES,
  IS_ENFORCED,
  isAccountName,
  isAccountUser,
  isGrantor,
  type FloorPolicy,
  type Installation,
} from './policy.ts';

const BINDINGS = [
  {
    operations: ['CREATE', 'UPDATE'],
    apiGroups: [RBAC_GROUP],
    resources: ['rolebindings', 'clusterrolebindings'],
  },
] as const;

/**
 * CEL: that no subject of that kind is bound that was not bound before. Which it is first: to look for each in a long list costs the square of
 * its length, and more than the API server allows an expression would refuse every change of a large binding.
 */
function addsNo(isSo: string): string {
  return `object.?subjects.orValue([]).all(subject, !(${isSo}) || (oldObject != null && subject in oldObject.?subjects.orValue([])))`;
}

/**
 * Bindings by others, to a grant's account: by its name, by its user name, or by the group of all accounts of a namespace in which
 * grants are. What is bound to all accounts of the cluster or to every user nobody is kept from: it is in `status.risk`.
 */
export function subjects(installation: Installation): FloorPolicy {
  const { namespace, name } = installation;
  const isOwn = [
    `subject.kind == 'ServiceAccount' && subject.?namespace.orValue('') == '${namespace}' && subject.name.startsWith('${name}-')`,
    `subject.kind == 'User' && subject.name.startsWith('${usernameOf({ namespace, name: `${name}-` })}')`,
    `subject.kind == 'Group' && subject.name == 'system:serviceaccounts:${namespace}'`,
  ];
  return {
    name: 'subjects',
    because: 'A grant’s account holds what its grant says, and nobody binds more to it.',
    rules: BINDINGS,
    // A grantor's RoleBindings are the business of the policy bindings; it has none in the whole cluster.
    conditions: {
      'is-not-a-grantors-business': `request.resource.resource == 'clusterrolebindings' || !(${isGrantor(installation)})`,
    },
    validations: [
      {
        expression: addsNo(`subject.kind == 'ServiceAccount' && ${isAccountName('subject.name')}`),
        message:
          'nothing is bound to the service account of a grant but what its TaskGrant says: create another TaskGrant',
      },
      {
        expression: addsNo(`subject.kind == 'User' && ${isAccountUser('subject.name')}`),
        message:
          'nothing is bound to the user of a grant’s service account but what its TaskGrant says: create another TaskGrant',
      },
      {
        expression: `namespaceObject == null || !${IS_ENFORCED} || ${addsNo(`subject.kind == 'Group' && subject.name == 'system:serviceaccounts:' + request.namespace`)}`,
        message: `nothing is bound to all service accounts of a namespace with the label ${ENFORCE_LABEL}, since those of grants are among them: name accounts`,
      },
      {
        expression: `${addsNo(isOwn.map((each) => `(${each})`).join(' || '))} || ${MAY_CHANGE_CLASSES}`,
        message:
          'what is bound to a grantor widens its classes, so it takes the right to update taskgrantclasses',
      },
    ],
  };
}

/** Whoever may change every class may change what they allow, too. */
const MAY_CHANGE_CLASSES = `${CLASSES}.check('update').allowed()`;

/** The identity of a grant writes no RBAC at all: what it wrote would outlive it. */
export const IDENTITIES: FloorPolicy = {
  name: 'identities',
  because:
    'What a grant’s identity would write into RBAC outlives the grant; also where somebody else’s binding allows it.',
  rules: [{ operations: ['CREATE', 'UPDATE'], apiGroups: [RBAC_GROUP], resources: ['*'] }],
  conditions: { 'is-by-the-account-of-a-grant': isAccountUser('request.userInfo.username') },
  validations: [
    {
      expression: 'false',
      message: 'the identity of a grant writes no Roles and no bindings: they would outlive it',
    },
  ],
};
