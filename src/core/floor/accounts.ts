import { isAccountName, isOwnAccount, stays, type FloorPolicy, type Installation } from './policy.ts';

/**
 * The service accounts of grants: made by the controller, and changed by nobody. Anybody who may may delete one: that takes
 * something away, and ends its grant.
 */
export function accounts(installation: Installation): FloorPolicy {
  return {
    name: 'accounts',
    because:
      'Nobody makes an account that could be taken for a grant’s, or puts Secrets or annotations on one.',
    rules: [{ operations: ['CREATE', 'UPDATE'], apiGroups: [''], resources: ['serviceaccounts'] }],
    conditions: { 'is-the-account-of-a-grant': isAccountName('object.metadata.name') },
    validations: [
      {
        expression: `oldObject != null || ${isOwnAccount(installation, 'controller')}`,
        message: 'service accounts named taskgrant-<grant>-<8 characters> are made by TaskGrant alone',
      },
      {
        expression: stays('secrets', 'imagePullSecrets', 'automountServiceAccountToken'),
        message:
          'the service account of a grant stays as it was made: what it may be known by stands in its TaskGrant',
      },
    ],
  };
}
