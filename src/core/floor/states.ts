import { GROUP } from '../../api/group.ts';
import { isOwnAccount, type FloorPolicy, type Installation } from './policy.ts';

/**
 * What a grant is taken to be, since when, and with which account and pods, stands in its status. The CRD’s rules hold what leads on from
 * there, of the version that they are in; who says it at all is held here, through every version and every door.
 */
export function states(installation: Installation): FloorPolicy {
  return {
    name: 'states',
    because: 'The state of a grant or a class is what the controller says, and nobody else.',
    rules: [
      {
        operations: ['CREATE', 'UPDATE'],
        apiGroups: [GROUP],
        resources: ['taskgrants', 'taskgrants/status', 'taskgrantclasses', 'taskgrantclasses/status'],
      },
    ],
    conditions: { 'is-not-the-controller': `!(${isOwnAccount(installation, 'controller')})` },
    validations: [
      {
        expression: 'object.?status == (oldObject == null ? optional.none() : oldObject.?status)',
        message: 'the status of a TaskGrant or a TaskGrantClass is the controller’s to write',
      },
    ],
  };
}
