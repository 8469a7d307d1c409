import { ROLE_NAME_PREFIX } from '../names.ts';
import { RBAC_GROUP } from '../rules/right.ts';
import { IS_GOING, isAccountName, isGrantor, stays, type FloorPolicy, type Installation } from './policy.ts';

const IS_OURS = `object.metadata.name.startsWith('${ROLE_NAME_PREFIX}')`;

const NOBODY_CHANGES = 'what a grant was given is not changed: revoke the TaskGrant, and create another one';
const ONLY_GRANTORS = 'are made by TaskGrant alone, as the grantor of the class';

/**
 * The escalation check of the API server compares with all that a grantor holds, and it must hold the right to write Roles and
 * bindings. This keeps that right out of what it can hand on, and holds what it writes to the shape of a grant's.
 */
export function roles(installation: Installation): FloorPolicy {
  const grantor = isGrantor(installation);
  return {
    name: 'roles',
    because:
      'What a grant gives is written as a grantor, within the API server’s own escalation check, and changed by nobody.',
    rules: [{ operations: ['CREATE', 'UPDATE'], apiGroups: [RBAC_GROUP], resources: ['roles'] }],
    conditions: { 'is-a-grants-or-by-a-grantor': `${IS_OURS} || ${grantor}` },
    validations: [
      {
        expression: `${IS_GOING} || ${IS_OURS}`,
        message: 'a grantor writes only Roles whose names begin with "taskgrant:"',
      },
      {
        expression: `oldObject != null || ${grantor}`,
        message: `Roles whose names begin with "taskgrant:" ${ONLY_GRANTORS}`,
      },
      { expression: stays('rules'), message: NOBODY_CHANGES },
      {
        expression: `${IS_GOING} || !has(object.rules) || !object.rules.exists(rule, has(rule.apiGroups) && rule.apiGroups.exists(group, group in ['${RBAC_GROUP}', '*']))`,
        message: `no grant may hold rights over Roles or bindings (${RBAC_GROUP}), since what is written with them outlives it`,
      },
    ],
  };
}

export function bindings(installation: Installation): FloorPolicy {
  const grantor = isGrantor(installation);
  return {
    name: 'bindings',
    because: 'A grantor binds only a grant’s own Role, to the account of a grant, and nobody changes that.',
    rules: [{ operations: ['CREATE', 'UPDATE'], apiGroups: [RBAC_GROUP], resources: ['rolebindings'] }],
    conditions: { 'is-a-grants-or-by-a-grantor': `${IS_OURS} || ${grantor}` },
    validations: [
      {
        expression: `${IS_GOING} || ${IS_OURS} && object.roleRef.kind == 'Role' && object.roleRef.name == object.metadata.name`,
        message: 'a grantor binds only a grant’s own Role, under its name',
      },
      {
        expression: `oldObject != null || ${grantor}`,
        message: `RoleBindings whose names begin with "taskgrant:" ${ONLY_GRANTORS}`,
      },
      { expression: stays('subjects'), message: NOBODY_CHANGES },
      {
        expression: `${IS_GOING} || has(object.subjects) && object.subjects.all(subject, subject.kind == 'ServiceAccount' && ${isAccountName('subject.name')} && subject.namespace != '${installation.namespace}')`,
        message: 'a grantor binds Roles only to the service accounts of grants',
      },
    ],
  };
}
