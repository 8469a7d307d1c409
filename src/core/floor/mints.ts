import { EXTENDED_TOKEN_SECONDS } from '../../api/taskgrant.ts';
import { NODE_GROUP, NODE_USER_PREFIX } from '../names.ts';
import { isAccountName, type FloorPolicy } from './policy.ts';

/** Who may ask for a token of a grant's account, and for which at the most; the webhook says more, by what the grant says. */
export const MINTS: FloorPolicy = {
  name: 'mints',
  because:
    'A token of a grant’s account is minted by the node of the pod that it is for, bound to the pod, and never for a year.',
  rules: [{ operations: ['CREATE'], apiGroups: [''], resources: ['serviceaccounts/token'] }],
  conditions: { 'is-for-the-account-of-a-grant': isAccountName('request.name') },
  validations: [
    {
      expression: `request.userInfo.username.startsWith('${NODE_USER_PREFIX}') && '${NODE_GROUP}' in request.userInfo.groups`,
      message:
        'TokenNotAskedByNode spec.boundObjectRef: tokens of a grant’s account are minted for the node of its pod only',
    },
    {
      expression: `object.spec.?boundObjectRef.?kind.orValue('') == 'Pod' && object.spec.?boundObjectRef.?uid.orValue('') != ''`,
      message:
        'TokenNotBoundToPod spec.boundObjectRef: tokens of a grant’s account are bound to a pod, by its UID',
    },
    {
      expression: `object.spec.?expirationSeconds.orValue(0) != ${EXTENDED_TOKEN_SECONDS}`,
      message: `TokenWouldBeExtended spec.expirationSeconds: ${EXTENDED_TOKEN_SECONDS} seconds is the lifetime that the API server extends to a year`,
    },
  ],
};
