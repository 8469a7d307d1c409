/** A grant in a namespace that its class selects. */
import type { TaskGrant } from '../../api/taskgrant.ts';
import type { TaskGrantClass } from '../../api/taskgrantclass.ts';
import type { Violation } from '../decision/violation.ts';
import { selectorFaults, selects, type LabelSelector } from '../label-selector.ts';

/**
 * Refused where the labels of the grant's namespace are not what the class selects. A selector that the API server would not take
 * selects and excludes nothing: the class is not accepted because of it (class-by-itself.ts).
 *
 * @param labels those of the namespace; undefined where there is no such namespace, which nothing but an empty selector selects
 */
export function namespaceIsSelected(
  { metadata }: Pick<TaskGrant, 'metadata'>,
  itsClass: Pick<TaskGrantClass, 'metadata' | 'spec'>,
  labels: Readonly<Record<string, string>> | undefined,
): Violation[] {
  const { namespaceSelector = {} } = itsClass.spec;
  if (selectorFaults(namespaceSelector).length > 0 || selects(namespaceSelector, labels)) return [];
  return [
    {
      code: 'NamespaceNotSelected',
      path: 'metadata.namespace',
      asked: metadata.namespace,
      allowed: renderSelector(namespaceSelector),
      fix: `create the TaskGrant in a namespace that class ${itsClass.metadata.name} selects, or use another class`,
    },
  ];
}

/** As kubectl takes it after -l: `team=agents,tier in (gold,silver),!legacy`. */
function renderSelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const values = (of: readonly string[] = []) => `(${of.join(',')})`;
  return [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map((requirement) => {
      switch (requirement.operator) {
        case 'In':
          return `${requirement.key} in ${values(requirement.values)}`;
        case 'NotIn':
          return `${requirement.key} notin ${values(requirement.values)}`;
        case 'DoesNotExist':
          return `!${requirement.key}`;
        default:
          return requirement.key;
      }
    }),
  ].join(',');
}
