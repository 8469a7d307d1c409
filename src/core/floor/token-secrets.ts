import { IS_GOING, isAccountName, type FloorPolicy, type Installation } from './policy.ts';

const nameIn = (object: 'object' | 'oldObject') =>
  `${object}.metadata.?annotations[?'kubernetes.io/service-account.name'].orValue('')`;

/** What takes its finalizers off must get its way; but as long as it is there, the token controller fills it for whomever it names. */
const ONLY_GOES = `(${IS_GOING} && oldObject != null && ${nameIn('object')} == ${nameIn('oldObject')})`;

/**
 * Secrets of the type `kubernetes.io/service-account-token`: the token controller writes a token without an end into one that names
 * a service account. The type cannot be changed afterwards, the annotation can.
 */
export function tokenSecrets({ namespace, name }: Installation): FloorPolicy {
  return {
    name: 'token-secrets',
    because:
      'No Secret makes a token without an end for a grant’s account, or for an account of the product.',
    rules: [{ operations: ['CREATE', 'UPDATE'], apiGroups: [''], resources: ['secrets'] }],
    conditions: {
      'is-a-token': `object.?type.orValue('') == 'kubernetes.io/service-account-token'`,
    },
    variables: { account: nameIn('object') },
    validations: [
      {
        expression: `${ONLY_GOES} || !(${isAccountName('variables.account')})`,
        message: 'a token of a grant’s account is minted for a pod, and never kept in a Secret',
      },
      {
        expression: `${ONLY_GOES} || !(request.namespace == '${namespace}' && variables.account.startsWith('${name}-'))`,
        message: 'an account of the product has no token in a Secret',
      },
    ],
  };
}
