import { CEILING_LABEL, GROUP } from '../../api/group.ts';
import { RBAC, type FloorPolicy } from './policy.ts';

const LABEL = (object: string) => `${object}.metadata.?labels[?'${CEILING_LABEL}']`;

/**
 * The ceiling of a class is the sum of the ClusterRoles with its label. Whoever may write ClusterRoles could add what they hold
 * themselves to it; that is for those who may change the class.
 */
export const CEILINGS: FloorPolicy = {
  name: 'ceilings',
  because: 'The ceiling of a class is widened by those only who may change the class.',
  rules: [{ operations: ['CREATE', 'UPDATE'], apiGroups: [RBAC], resources: ['clusterroles'] }],
  conditions: {
    'is-part-of-a-ceiling': `${LABEL('object')}.hasValue()`,
    'changes-it': `oldObject == null || ${LABEL('object')} != ${LABEL('oldObject')} || object.?rules != oldObject.?rules || object.?aggregationRule != oldObject.?aggregationRule`,
  },
  validations: [
    {
      // The controller of aggregated ClusterRoles sums up what others have written.
      expression: `request.userInfo.username == 'system:serviceaccount:kube-system:clusterrole-aggregation-controller' || authorizer.group('${GROUP}').resource('taskgrantclasses').name(${LABEL('object')}.orValue('')).check('update').allowed()`,
      message: `the label ${CEILING_LABEL} widens the ceiling of the class that it names, so it takes the right to update that class`,
    },
  ],
};
