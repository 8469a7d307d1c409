/** How many pods a workload makes, as far as its manifest says. */
import type { KubernetesObject } from '../api/kubernetes.ts';
import type { TaskGrant } from '../api/taskgrant.ts';

export interface PodCount {
  /** Retries included. */
  pods: number;
  /** So many have to succeed. */
  succeeded: number;
  /** What the number does not say. */
  note?: string;
}

/** What the API server fills in (batch/v1, JobSpec). */
const DEFAULT_BACKOFF_LIMIT = 6;

const GRANT_FOR_EACH_JOB =
  'a grant is for one task: something has to create one for each Job of the CronJob, and label its pods with it';

export function podCountOf(object: KubernetesObject): PodCount {
  switch (object.kind) {
    case 'Job':
      return ofJob(object, JOB_SPECS.Job);
    case 'CronJob':
      return {
        ...ofJob(object, JOB_SPECS.CronJob),
        note: GRANT_FOR_EACH_JOB,
      };
    case 'DaemonSet':
      return {
        pods: 1,
        succeeded: 1,
        note: 'set spec.workload.maxPods to the number of nodes, and more for pods that are replaced',
      };
    case 'Deployment':
    case 'ReplicaSet':
    case 'ReplicationController':
    case 'StatefulSet':
      return {
        pods: Math.max(1, numberAt(object, ['spec', 'replicas']) ?? 1),
        succeeded: 1,
        note: 'raise spec.workload.maxPods by as many pods as may be replaced: each that is created counts, for as long as the grant lasts',
      };
    default:
      return { pods: 1, succeeded: 1 };
  }
}

/** Where the JobSpec is, of the kinds that have one. */
const JOB_SPECS = {
  Job: ['spec'],
  CronJob: ['spec', 'jobTemplate', 'spec'],
} as const;

function ofJob(object: KubernetesObject, spec: readonly string[]): PodCount {
  const { pods } = triesOf(object, spec);
  return { pods, succeeded: Math.max(1, numberAt(object, [...spec, 'completions']) ?? 1) };
}

/** A Job goes on trying until backoffLimit pods have failed, or so many of each index. */
function triesOf(object: KubernetesObject, spec: readonly string[]) {
  const at = (field: string) => numberAt(object, [...spec, field]);
  const needed = Math.max(1, at('completions') ?? at('parallelism') ?? 1);
  const ofEach = at('backoffLimitPerIndex');
  if (ofEach !== undefined)
    return {
      field: 'backoffLimitPerIndex',
      limit: ofEach,
      pods: needed + Math.max(0, needed * ofEach),
      fitting: (maxPods: number) => Math.floor(maxPods / needed) - 1,
    };
  const limit = at('backoffLimit') ?? DEFAULT_BACKOFF_LIMIT;
  return {
    field: 'backoffLimit',
    limit,
    pods: needed + Math.max(0, limit),
    fitting: (maxPods: number) => maxPods - needed,
  };
}

/** What of a workload the grant does not last for, or has not enough pods for. */
export function tooMuchFor({ spec }: Pick<TaskGrant, 'spec'>, object: KubernetesObject): string[] {
  return [
    tooManyRetries(object, spec.workload.maxPods),
    tooManyCompletions(object, spec.completion.succeeded),
    tooManyReplicas(object, spec.workload.maxPods),
    tooManyJobs(object),
  ].filter((words) => words !== undefined);
}

/** Of a Job whose retries may be more than a grant allows: it stops before it has tried as often as its author wrote. Undefined where they are not. */
function tooManyRetries(object: KubernetesObject, maxPods: number): string | undefined {
  if (object.kind !== 'Job' && object.kind !== 'CronJob') return undefined;
  const { field, limit, pods, fitting } = triesOf(object, JOB_SPECS[object.kind]);
  if (pods <= maxPods) return undefined;
  const fewer = fitting(maxPods) >= 0 && limit > 0 ? `${field}: ${fitting(maxPods)}, or ` : '';
  return `${field} ${limit} may make ${pods} pods, and the grant allows ${maxPods}: set ${fewer}maxPods: ${pods}`;
}

/** Of a Job whose grant may be over while it has pods to start: it is complete as soon as so many have succeeded and none is running. */
function tooManyCompletions(object: KubernetesObject, enough: number): string | undefined {
  const { succeeded } = podCountOf(object);
  if (succeeded <= enough) return undefined;
  return `completions ${succeeded}, and the grant is complete as soon as ${enough} succeeded and none is running: set spec.completion.succeeded: ${succeeded}`;
}

function tooManyReplicas({ kind, ...object }: KubernetesObject, maxPods: number): string | undefined {
  const replicas = kind === 'Job' || kind === 'CronJob' ? undefined : numberAt(object, ['spec', 'replicas']);
  if (replicas === undefined || replicas <= maxPods) return undefined;
  return `replicas ${replicas}, and the grant allows ${maxPods}: set maxPods: ${replicas}, and more for pods that are replaced`;
}

function tooManyJobs({ kind }: KubernetesObject): string | undefined {
  if (kind !== 'CronJob') return undefined;
  return `its Jobs are all under one grant, which is over when the first has completed; ${GRANT_FOR_EACH_JOB}`;
}

/** Undefined where there is no whole number. */
function numberAt(object: unknown, way: readonly string[]): number | undefined {
  const value = way.reduce<unknown>(
    (part, key) =>
      typeof part === 'object' && part !== null ? (part as Record<string, unknown>)[key] : undefined,
    object,
  );
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
}
