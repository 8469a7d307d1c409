/** Says of each TaskGrantClass whether this version can enforce what it demands. */
import type { ClassReason } from '../api/reasons.ts';
import type { TaskGrantClass } from '../api/taskgrantclass.ts';
import { renderViolation } from '../core/decision/denial.ts';
import { judgeClassByItself } from '../core/envelope/class-by-itself.ts';
import type { Client } from '../kube/client.ts';
import type { Reader } from '../kube/reader.ts';
import type { Reconciler } from '../kube/reconciler.ts';
import { taskGrantClasses } from '../kube/resources.ts';

export interface ClassReconcilerOptions {
  client: Client;
  classes: Reader<TaskGrantClass>;
  /** Milliseconds since the epoch. */
  now: () => number;
}

export function createClassReconciler({ client, classes, now }: ClassReconcilerOptions): Reconciler {
  return async (key, signal) => {
    const itsClass = classes.get(key);
    if (!itsClass) return undefined;
    const accepted = acceptedCondition(itsClass, now());
    const before = itsClass.status?.conditions?.at(0);
    if (before?.status === accepted.status && before.message === accepted.message) return undefined;
    await client.replace(
      taskGrantClasses,
      { ...itsClass, status: { conditions: [accepted] } },
      { subresource: 'status', signal },
    );
    return undefined;
  };
}

/** What is said of a class. @param now milliseconds since the epoch */
export function acceptedCondition(itsClass: TaskGrantClass, now: number) {
  const violations = judgeClassByItself(itsClass);
  const accepted = violations.length === 0;
  // The one condition type that a class has.
  const before = itsClass.status?.conditions?.at(0);
  const status = accepted ? ('True' as const) : ('False' as const);
  const isUnsupported = violations.some(({ code }) => code === 'NotSupportedYet');
  const reason: ClassReason = accepted ? 'Accepted' : isUnsupported ? 'NotSupportedYet' : 'Invalid';
  return {
    type: 'Accepted' as const,
    status,
    reason,
    message: accepted
      ? 'everything the class demands can be enforced'
      : violations.map(renderViolation).join('; '),
    lastTransitionTime: before?.status === status ? before.lastTransitionTime : new Date(now).toISOString(),
    observedGeneration: itsClass.metadata.generation ?? 0,
  };
}
