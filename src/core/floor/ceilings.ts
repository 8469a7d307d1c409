import { CEILING_LABEL } from '../../api/group.ts';
import { RBAC_GROUP } from '../rules/right.ts';
import { CLASSES, labelOf, type FloorPolicy, type Installation } from './policy.ts';

const [LABEL, LABEL_BEFORE] = [labelOf('object', CEILING_LABEL), labelOf('oldObject', CEILING_LABEL)];

/** What a release binds to its grantors and to its own accounts, by what comes behind its name. */
const OWN_ROLES = ['grantor', 'controller', 'controller-as-grantor', 'webhook'];

/**
 * The ceiling of a class is the sum of the ClusterRoles with its label. Whoever may write ClusterRoles could add what they hold
 * themselves to it, or to what every grantor holds; that is for those who may change the class, or all classes. So could they put
 * another in the place of what is bound to a grantor: that goes by the name of its class behind `NAME-ceiling-`, as examples/class.yaml
 * has it.
 */
export function ceilings({ name }: Installation): FloorPolicy {
  const own = OWN_ROLES.map((role) => `'${name}-${role}'`).join(', ');
  const isCeiling = `object.metadata.name.startsWith('${name}-ceiling-')`;
  // Measured by the API server: in the chart, the name of the release is not known yet.
  const itsClass = `object.metadata.name.substring('${name}-ceiling-'.size())`;
  return {
    name: 'ceilings',
    because: 'The ceiling of a class is widened by those only who may change the class.',
    rules: [{ operations: ['CREATE', 'UPDATE'], apiGroups: [RBAC_GROUP], resources: ['clusterroles'] }],
    conditions: {
      // Which sums up what others have written. It may go by either name (--use-service-account-credentials).
      'is-not-the-aggregation-controller':
        "!(request.userInfo.username in ['system:serviceaccount:kube-system:clusterrole-aggregation-controller', 'system:kube-controller-manager'])",
      'is-part-of-a-ceiling': `${LABEL}.hasValue() || ${isCeiling} || object.metadata.name in [${own}]`,
      'changes-it': `oldObject == null || ${LABEL} != ${LABEL_BEFORE} || object.?rules != oldObject.?rules || object.?aggregationRule != oldObject.?aggregationRule`,
    },
    variables: { classes: CLASSES },
    validations: [
      {
        expression: `!${LABEL}.hasValue() || variables.classes.name(${LABEL}.orValue('')).check('update').allowed()`,
        message: `the label ${CEILING_LABEL} widens the ceiling of the class that it names, so it takes the right to update that class`,
      },
      {
        expression: `!${isCeiling} || variables.classes.name(${itsClass}).check('update').allowed()`,
        message: `what is named ${name}-ceiling-… is the ceiling of a class, and bound to its grantor, so it takes the right to update that class`,
      },
      {
        expression: `!(object.metadata.name in [${own}]) || variables.classes.check('update').allowed()`,
        message:
          'what this ClusterRole gives every grantor holds, or the product itself, so it takes the right to update taskgrantclasses',
      },
    ],
  };
}
