/** The binding of a pod to its node: it decides where the pod runs, and carries labels and annotations onto it. */
import { GRANT_LABEL } from '../../api/group.ts';
import type { Binding } from '../../api/kubernetes.ts';
import type { Violation } from '../decision/violation.ts';
import { externalIdentities, type ExternalKeys } from '../identity/external-identity.ts';
import { unjudged as asRequest } from '../identity/identity-requests.ts';
import { readPod } from '../identity/reading.ts';
import type { IdentityRequest } from '../identity/request.ts';
import { isRecord } from '../record.ts';
import { unjudged } from './containment.ts';
import { externalIdentityInEnvelope } from './external-identity.ts';
import { LABEL_PATH } from './grant-in-force.ts';
import { grantNotFound } from './judge-pod.ts';
import { identityWithoutGrant, type DefaultAccount } from './required.ts';
import type { GrantFacts } from './rule.ts';

export interface BindingFacts {
  binding: Binding;
  /** The grant label that the pod has; undefined where it has none. */
  grantName: string | undefined;
  /** The grant that this label names, where there is one. */
  grant: GrantFacts | undefined;
  /** Where every pod needs a grant or has no identity: the `default` account of the namespace. Undefined elsewhere. */
  required: DefaultAccount | undefined;
  /** Whether a scheduler binds. */
  byScheduler: boolean;
  externalKeys: ExternalKeys;
}

/**
 * Everything that is wrong with a binding. The pod is not judged again after it: its labels and annotations are taken over
 * as they stand (kubernetes, pkg/registry/core/pod/storage, setPodNodeAndMetadata).
 */
export function judgeBinding({
  binding,
  grantName,
  grant,
  required,
  byScheduler,
  externalKeys,
}: BindingFacts): Violation[] {
  const parts: { metadata?: unknown; target?: unknown } = isRecord(binding) ? binding : {};
  const { pod, faults } = readPod({ metadata: parts.metadata });
  if (!pod) return faults.map((fault) => unjudged(asRequest(fault)));
  const { labels = {}, annotations = {} } = pod.metadata;
  const label = Object.hasOwn(labels, GRANT_LABEL) ? labels[GRANT_LABEL] : grantName;
  const violations: Violation[] = [];
  if (label !== grantName) {
    violations.push({
      code: 'GrantLabelImmutable',
      path: LABEL_PATH,
      asked: label ?? 'no label',
      allowed: grantName ?? 'no label',
      fix: 'create a new pod with the label: a pod stays under the grant that it was created with',
    });
  }
  const added = [...externalIdentities({ labels, annotations }, {}, externalKeys)];
  if (!grant && grantName !== undefined) return [...violations, ...grantNotFound(grantName)];
  const choice: IdentityRequest<'NodeAccess'>[] = byScheduler
    ? []
    : [{ kind: 'NodeAccess', value: `node ${nodeOf(parts)}`, path: 'target.name' }];
  if (!grant) {
    return required ? [...violations, ...identityWithoutGrant([...choice, ...added], required)] : violations;
  }
  return [
    ...violations,
    ...choice.map(nodeChosen),
    ...added.flatMap((request) => [...externalIdentityInEnvelope(request, grant)]),
  ];
}

function nodeChosen({ value, path }: IdentityRequest<'NodeAccess'>): Violation {
  return {
    code: 'NodeAccess',
    path,
    asked: value,
    allowed: 'nothing of its node',
    fix: 'leave the choice of the node to a scheduler that the chart’s values name',
  };
}

function nodeOf({ target }: { target?: unknown }): string {
  return isRecord(target) && typeof target['name'] === 'string' ? target['name'] : 'without a name';
}
