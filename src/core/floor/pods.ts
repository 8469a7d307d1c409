import { GRANT_LABEL, SERVICE_ACCOUNT_PREFIX, SUFFIX_LENGTH } from '../../api/group.ts';
import { IS_ENFORCED, labelOf, usesAccount, type FloorPolicy } from './policy.ts';

const [LABEL, LABEL_BEFORE] = [labelOf('object', GRANT_LABEL), labelOf('oldObject', GRANT_LABEL)];

const IMMUTABLE = `GrantLabelImmutable metadata.labels[${GRANT_LABEL}]: a pod keeps the grant’s label that it was created with`;

/** Whose pod it is: said by its label, from its creation to its end. */
export const PODS: FloorPolicy = {
  name: 'pods',
  because:
    'A pod that uses a grant’s account says so, and goes on saying it: by the label it is judged, counted and ended.',
  rules: [
    {
      operations: ['CREATE', 'UPDATE'],
      apiGroups: [''],
      resources: ['pods', 'pods/ephemeralcontainers', 'pods/resize', 'pods/status'],
    },
  ],
  conditions: {
    'uses-the-account-of-a-grant': usesAccount('object'),
  },
  variables: { named: `'${SERVICE_ACCOUNT_PREFIX}' + ${LABEL}.orValue('') + '-'` },
  validations: [
    {
      expression: `oldObject == null || ${LABEL} == ${LABEL_BEFORE}`,
      message: IMMUTABLE,
    },
    {
      expression: `oldObject != null || object.spec.serviceAccountName.startsWith(variables.named) && object.spec.serviceAccountName.size() == variables.named.size() + ${SUFFIX_LENGTH}`,
      message: `GrantLabelMissing spec.serviceAccountName: a pod with the account of a grant carries the label ${GRANT_LABEL} with the grant’s name`,
    },
  ],
};

/** The labels of a binding are taken over onto the pod, and nobody is asked about the pod again (setPodNodeAndMetadata). */
export const BINDING_LABELS: FloorPolicy = {
  name: 'binding-labels',
  because: 'Nobody puts a pod under another grant by the labels of its binding.',
  rules: [{ operations: ['CREATE'], apiGroups: [''], resources: ['pods/binding', 'bindings'] }],
  validations: [
    {
      // Elsewhere the label means nothing.
      expression: `!${LABEL}.hasValue() || !${IS_ENFORCED}`,
      message: IMMUTABLE,
    },
  ],
};
