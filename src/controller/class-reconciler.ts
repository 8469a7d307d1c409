/** Says of each TaskGrantClass whether this version can enforce what it demands, and whether the controller can act as its grantor. */
import type { Stored } from '../api/kubernetes.ts';
import type { ClassConditionType, ClassReason } from '../api/reasons.ts';
import type { TaskGrantClass, TaskGrantClassStatus } from '../api/taskgrantclass.ts';
import { renderViolation } from '../core/decision/denial.ts';
import { judgeClassByItself } from '../core/envelope/class-by-itself.ts';
import { grantorIsKnown, type Release } from '../core/envelope/grantor.ts';
import type { Client } from '../kube/client.ts';
import type { Reader } from '../kube/reader.ts';
import type { Reconciler } from '../kube/reconciler.ts';
import { taskGrantClasses } from '../kube/resources.ts';
import { probeImpersonation, type Impersonation } from './impersonation.ts';

export interface ClassReconcilerOptions {
  client: Client;
  classes: Reader<TaskGrantClass>;
  release: Release;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** What the controller may do as a grantor changes with RBAC, and with the API server: no object of ours says so. */
const PROBE_AGAIN_MS = { Refused: 15_000, Constrained: 300_000, Plain: 300_000 };

export function createClassReconciler({ client, classes, release, now }: ClassReconcilerOptions): Reconciler {
  return async (key, signal) => {
    const itsClass = classes.get(key);
    if (!itsClass) return undefined;
    const impersonation = await probeImpersonation(itsClass.spec.grantor, client, signal);
    const conditions = conditionsOf(itsClass, { release, impersonation, now: now() });
    if (!sayTheSame(conditions, itsClass.status?.conditions))
      await client.replace(
        taskGrantClasses,
        { ...itsClass, status: { conditions } },
        { subresource: 'status', signal },
      );
    return { requeueAfterMs: PROBE_AGAIN_MS[impersonation] };
  };
}

type Condition = NonNullable<TaskGrantClassStatus['conditions']>[number];
type Said = Pick<Condition, 'status' | 'reason' | 'message'>;

/** What is said of a class. `now` is in milliseconds since the epoch. */
export function conditionsOf(
  itsClass: Stored<TaskGrantClass>,
  { release, impersonation, now }: { release: Release; impersonation: Impersonation; now: number },
): Condition[] {
  const condition = (type: ClassConditionType, said: Said): Condition => {
    const before = itsClass.status?.conditions?.find((one) => one.type === type);
    return {
      type,
      ...said,
      lastTransitionTime:
        before?.status === said.status ? before.lastTransitionTime : new Date(now).toISOString(),
      observedGeneration: itsClass.metadata.generation ?? 0,
    };
  };
  return [
    condition('Accepted', accepted(itsClass, release)),
    condition('GrantorUsable', USABLE[impersonation]),
  ];
}

function accepted(itsClass: TaskGrantClass, release: Release): Said {
  const violations = [...judgeClassByItself(itsClass), ...grantorIsKnown(itsClass, release)];
  const message = violations.map(renderViolation).join('; ');
  if (violations.length === 0)
    return { status: 'True', reason: 'Accepted', message: 'everything the class demands can be enforced' };
  const isUnknown = violations.some(({ code }) => code === 'GrantorUnknown');
  const reason: ClassReason = isUnknown ? 'GrantorUnknown' : 'Invalid';
  return { status: 'False', reason, message };
}

const USABLE: Record<Impersonation, Said> = {
  Constrained: {
    status: 'True',
    reason: 'ConstrainedImpersonation',
    message: 'the controller may write Roles and bindings as the grantor, and do nothing else as it',
  },
  Plain: {
    status: 'True',
    reason: 'PlainImpersonation',
    message:
      'the controller may do as the grantor whatever the grantor may: from Kubernetes 1.36 on it needs impersonate:serviceaccount only, as examples/class.yaml says',
  },
  Refused: {
    status: 'False',
    reason: 'ImpersonationRefused',
    message:
      'the controller may not act as the grantor: give it the Role for that, as examples/class.yaml does',
  },
};

function sayTheSame(some: readonly Condition[], others: readonly Condition[] = []): boolean {
  const key = ({ type, status, reason, message, observedGeneration }: Condition) =>
    JSON.stringify([type, status, reason, message, observedGeneration]);
  return some.length === others.length && some.every((one, index) => key(one) === key(others[index] ?? one));
}
