/** When a grant is completed, against the pods that it allows. */
import type { TaskGrant } from '../../api/taskgrant.ts';
import type { Violation } from '../decision/violation.ts';

/** The grant would end when its pods are used up, in the middle of its task. */
export function completionInReach({ spec: { completion, workload } }: Pick<TaskGrant, 'spec'>): Violation[] {
  if (completion.succeeded <= workload.maxPods) return [];
  return [
    {
      code: 'CompletionOutOfReach',
      path: 'spec.completion.succeeded',
      asked: String(completion.succeeded),
      allowed: `${workload.maxPods} pods`,
      fix: `set spec.workload.maxPods to ${completion.succeeded} or more: it counts each retry too`,
    },
  ];
}
