import { EXTENDED_TOKEN_SECONDS } from '../../api/taskgrant.ts';
import { NODE_GROUP, NODE_USER_PREFIX } from '../names.ts';
import { isAccountName, type FloorPolicy, type Installation } from './policy.ts';

/** CEL: whether a node asks. */
const IS_A_NODE = `request.userInfo.username.startsWith('${NODE_USER_PREFIX}') && '${NODE_GROUP}' in request.userInfo.groups`;

/** Who may ask for a token of a grant's account, and for which at the most; the webhook says more, by what the grant says. */
export const MINTS: FloorPolicy = {
  name: 'mints',
  because:
    'A token of a grant’s account is minted by the node of the pod that it is for, bound to the pod, and never for a year.',
  rules: [{ operations: ['CREATE'], apiGroups: [''], resources: ['serviceaccounts/token'] }],
  conditions: { 'is-for-the-account-of-a-grant': isAccountName('request.name') },
  validations: [
    {
      expression: IS_A_NODE,
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

/** Who may ask a signer for a certificate in the name of a grant's account (KEP-4317). */
export const CERTIFICATES: FloorPolicy = {
  name: 'certificates',
  because:
    'A certificate in the name of a grant’s account is asked for by the node of the pod that it is for.',
  rules: [
    { operations: ['CREATE'], apiGroups: ['certificates.k8s.io'], resources: ['podcertificaterequests'] },
  ],
  conditions: { 'is-for-the-account-of-a-grant': isAccountName('object.spec.serviceAccountName') },
  validations: [
    {
      expression: IS_A_NODE,
      message:
        'CertificateNotAskedByNode spec.podName: certificates of a grant’s account are asked for by the node of its pod only',
    },
  ],
};

/** The product's own accounts have use for no certificate, and a grantor's would be good for all of its ceiling wherever its signer is trusted. */
export function ownCertificates({ namespace, name }: Installation): FloorPolicy {
  return {
    name: 'own-certificates',
    because: 'Nobody gets a certificate in the name of a grantor, or of another account of the product.',
    rules: CERTIFICATES.rules,
    conditions: {
      'is-for-an-account-of-the-product': `request.namespace == '${namespace}' && object.spec.serviceAccountName.startsWith('${name}-')`,
    },
    validations: [
      {
        expression: 'false',
        message: 'no certificate is asked for in the name of an account of the product',
      },
    ],
  };
}

/** A grantor is somebody to write Roles as. No pod runs as one, so that nobody has use for a token of it but to hold all of its ceiling. */
export function grantorTokens({ namespace, name }: Installation): FloorPolicy {
  return {
    name: 'grantor-tokens',
    because: 'Nobody gets a token of a grantor, which would be good for everything that its class can give.',
    rules: [{ operations: ['CREATE'], apiGroups: [''], resources: ['serviceaccounts/token'] }],
    conditions: {
      'is-for-a-grantor': `request.namespace == '${namespace}' && request.name.startsWith('${name}-grantor-')`,
    },
    validations: [{ expression: 'false', message: 'no token is minted for a grantor' }],
  };
}
