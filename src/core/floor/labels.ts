/**
 * Labels of the product that mean nothing where they stand, or not what they seem to. Nothing is refused for them: what a level’s label
 * says that is no level is the strictest, and a pod without a grant has what its own account has. But somebody meant something else.
 */
import { AUDIT_LABEL, ENFORCE_LABEL, GRANT_LABEL, GROUP, LEVELS, WARN_LABEL } from '../../api/group.ts';
import { IS_ENFORCED, labelOf, type FloorPolicy } from './policy.ts';

const LEVEL_LABELS = [ENFORCE_LABEL, WARN_LABEL, AUDIT_LABEL];

const quotedList = (words: readonly string[]) => `[${words.map((word) => `'${word}'`).join(', ')}]`;
const labelsOf = (what: string) => `${what}.metadata.?labels.orValue({})`;
const isOurs = (key: string) => `${key}.startsWith('${GROUP}/')`;

export const NAMESPACE_LABELS: FloorPolicy = {
  name: 'namespace-labels',
  because: 'Whoever mistakes a level, or the label for it, is told so.',
  action: 'Warn',
  rules: [{ operations: ['CREATE', 'UPDATE'], apiGroups: [''], resources: ['namespaces'] }],
  conditions: {
    'has-labels-of-ours': `${labelsOf('object')}.exists(key, ${isOurs('key')})`,
    'changes-its-labels': `oldObject == null || ${labelsOf('object')} != ${labelsOf('oldObject')}`,
  },
  variables: { labels: labelsOf('object') },
  validations: [
    {
      expression: `${quotedList(LEVEL_LABELS)}.all(key, variables.labels[?key].orValue('${LEVELS[0]}') in ${quotedList(LEVELS)})`,
      message: `the levels of ${LEVEL_LABELS.join(', ')} are ${LEVELS.join(' and ')}: anything else counts as required, and grants stay Pending`,
    },
    {
      expression: `variables.labels.all(key, !${isOurs('key')} || key in ${quotedList(LEVEL_LABELS)})`,
      message: `of the labels of ${GROUP} a namespace has no others than ${LEVEL_LABELS.join(', ')}`,
    },
  ],
};

/** CEL: the labels that the pods of a workload will have; of a pod, its own. */
const podLabelsOf = (workload: 'dyn(object)' | 'dyn(oldObject)') =>
  [
    `${workload}.kind == 'Pod' ? ${labelsOf(workload)}`,
    `${workload}.kind == 'CronJob' ? ${workload}.spec.jobTemplate.spec.template.?metadata.?labels.orValue({})`,
    `${workload}.kind == 'PodTemplate' ? ${workload}.template.?metadata.?labels.orValue({})`,
    `${workload}.spec.template.?metadata.?labels.orValue({})`,
  ].join(' : ');

export const NO_OTHER_LABEL = `means nothing on a pod: write ${GRANT_LABEL}, which alone puts it under a grant`;
export const NO_ANNOTATION = `${GRANT_LABEL} as an annotation puts no pod under a grant: write it into the labels`;
export const NOT_ON_THE_TEMPLATE = `${GRANT_LABEL} on a workload puts none of its pods under a grant: write it into the labels of their template`;

export const WORKLOAD_LABELS: FloorPolicy = {
  name: 'workload-labels',
  because: 'Whoever puts a pod under a grant by a label that does not do so is told so.',
  action: 'Warn',
  rules: [
    { operations: ['CREATE'], apiGroups: [''], resources: ['pods'] },
    {
      operations: ['CREATE', 'UPDATE'],
      apiGroups: [''],
      resources: ['podtemplates', 'replicationcontrollers'],
    },
    {
      operations: ['CREATE', 'UPDATE'],
      apiGroups: ['apps'],
      resources: ['daemonsets', 'deployments', 'replicasets', 'statefulsets'],
    },
    { operations: ['CREATE', 'UPDATE'], apiGroups: ['batch'], resources: ['cronjobs', 'jobs'] },
  ],
  conditions: {
    // Only people read warnings, and of labels that have not changed they have been told.
    'is-no-controllers':
      '!object.metadata.?ownerReferences.orValue([]).exists(owner, owner.?controller.orValue(false))',
    'changes-its-labels': `oldObject == null || ${labelsOf('object')} != ${labelsOf('oldObject')} || (${podLabelsOf('dyn(object)')}) != (${podLabelsOf('dyn(oldObject)')})`,
  },
  variables: {
    // Of the namespace nothing is known to the conditions, by which a request is matched.
    isJudged: `${IS_ENFORCED} || ${labelOf('namespaceObject', WARN_LABEL)}.hasValue()`,
    labels: podLabelsOf('dyn(object)'),
  },
  validations: [
    {
      expression: `!variables.isJudged || variables.labels.all(key, !${isOurs('key')} || key == '${GRANT_LABEL}')`,
      message: `a label of ${GROUP} other than ${GRANT_LABEL} ${NO_OTHER_LABEL}`,
    },
    {
      expression: `!variables.isJudged || !${labelsOf('object')}[?'${GRANT_LABEL}'].hasValue() || variables.labels[?'${GRANT_LABEL}'].hasValue()`,
      message: NOT_ON_THE_TEMPLATE,
    },
  ],
};
