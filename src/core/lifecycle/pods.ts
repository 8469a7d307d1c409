/** Which pods ran under a grant, from what was recorded and what is observed now. */
import type { Pod, Stored } from '../../api/kubernetes.ts';
import type { PodRecord, TaskGrantSpec } from '../../api/taskgrant.ts';
import type { Action } from './facts.ts';

/**
 * The record brought up to date. Pods are remembered by UID when they are gone, and a pod that went before it was
 * seen finished is Gone. New pods are recorded in the order of their creation while maxPods allows it.
 *
 * @param observed pods that use the grant's service account
 * @param time RFC 3339
 */
export function recordPods(
  recorded: readonly PodRecord[],
  observed: readonly Stored<Pod>[],
  maxPods: number,
  time: string,
): { records: PodRecord[]; overBudget: Stored<Pod>[] } {
  const byUid = new Map(observed.map((pod) => [pod.metadata.uid, pod]));
  const records = recorded.map((record) => {
    if (isFinished(record)) return record;
    const pod = byUid.get(record.uid);
    return pod
      ? recordOf(pod, record, { maxPods, time })
      : { ...record, phase: 'Gone' as const, finishedAt: time };
  });
  const overBudget: Stored<Pod>[] = [];
  for (const pod of newestLast(observed)) {
    if (records.some(({ uid }) => uid === pod.metadata.uid)) continue;
    if (records.length < maxPods) records.push(recordOf(pod, undefined, { maxPods, time }));
    else overBudget.push(pod);
  }
  return { records, overBudget };
}

/** Whether the pod can do nothing any more. */
export function isFinished({ phase }: Pick<PodRecord, 'phase'>): boolean {
  return phase === 'Succeeded' || phase === 'Failed' || phase === 'Gone';
}

export function countSucceeded(records: readonly PodRecord[]): number {
  return records.filter(({ phase }) => phase === 'Succeeded').length;
}

/** Whether the task is complete: enough pods have Succeeded or all are used up, and none is running. */
export function isComplete(records: readonly PodRecord[], spec: TaskGrantSpec): boolean {
  if (records.some((record) => !isFinished(record))) return false;
  return countSucceeded(records) >= spec.completion.succeeded || records.length >= spec.workload.maxPods;
}

/**
 * What stops those of these pods that run, within so many seconds. That one is being deleted does not mean that it ends soon: it is its
 * author who says how long it may take (terminationGracePeriodSeconds), and a shorter time counts where another is given.
 */
export function stopping(
  pods: readonly Stored<Pod>[],
  { within, now, why }: { within: number; now: number; why: string },
): Action[] {
  const endsInTime = ({ metadata: { deletionTimestamp } }: Stored<Pod>) =>
    deletionTimestamp !== undefined && Date.parse(deletionTimestamp) <= now + within * 1000;
  return pods
    .filter((pod) => !isFinished({ phase: phaseOf(pod) }) && !endsInTime(pod))
    .map(({ metadata: { name, uid }, spec }) => ({
      do: 'removePod',
      name,
      uid,
      // 0 would take the object away and leave its containers running where the kubelet does not answer.
      graceSeconds: Math.max(1, Math.min(within, spec?.terminationGracePeriodSeconds ?? within)),
      why,
    }));
}

/** Pods that are recorded as unfinished and were not observed: gone, or the observer has not heard of them yet. */
export function unobserved(recorded: readonly PodRecord[], observed: readonly Stored<Pod>[]): PodRecord[] {
  return recorded.filter(
    (record) => !isFinished(record) && !observed.some(({ metadata }) => metadata.uid === record.uid),
  );
}

function recordOf(
  pod: Stored<Pod>,
  before: PodRecord | undefined,
  { maxPods, time }: { maxPods: number; time: string },
): PodRecord {
  const { name, uid, creationTimestamp } = pod.metadata;
  const phase = phaseOf(pod);
  const nodeName = pod.spec?.nodeName;
  const imageIDs = imageIDsOf(pod, maxPods);
  return {
    name,
    uid,
    ...(nodeName !== undefined && { nodeName }),
    phase,
    admittedAt: before?.admittedAt ?? creationTimestamp,
    ...(isFinished({ phase }) && { finishedAt: before?.finishedAt ?? time }),
    ...(imageIDs.length > 0 && { imageIDs }),
  };
}

/**
 * A status that is too large is not stored, and then nothing of the grant could be written any more, its end neither.
 * The CRD takes 64 images a pod, of at most 1024 characters; etcd takes 1.5 MiB an object (--max-request-bytes).
 */
const MOST_IMAGES = { ofOnePod: 64, ofAllPods: 512 };
const LONGEST_IMAGE_ID = 1024;

function imageIDsOf({ status }: Pod, maxPods: number): string[] {
  const ids = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
    .map(({ imageID }) => imageID)
    .filter((imageID) => imageID !== '' && imageID.length <= LONGEST_IMAGE_ID);
  const most = Math.min(MOST_IMAGES.ofOnePod, Math.ceil(MOST_IMAGES.ofAllPods / maxPods));
  return [...new Set(ids)].sort().slice(0, most);
}

/** PodPhase, core/v1. */
const REPORTED = ['Running', 'Succeeded', 'Failed', 'Unknown'] as const;

function phaseOf(pod: Stored<Pod>): PodRecord['phase'] {
  // What the kubelet has not spoken of yet is pending, and so is a phase that a later Kubernetes may invent.
  return REPORTED.find((phase) => phase === pod.status?.phase) ?? 'Pending';
}

function newestLast(pods: readonly Stored<Pod>[]): Stored<Pod>[] {
  const age = ({ metadata }: Stored<Pod>) => `${metadata.creationTimestamp} ${metadata.name}`;
  return [...pods].sort((a, b) => (age(a) < age(b) ? -1 : 1));
}
