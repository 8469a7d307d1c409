/** Objects from which pods are made, and where in them a pod's template stands. */
import type { ObjectMeta, Pod, PodSpec } from '../../api/kubernetes.ts';
import { isRecord } from '../record.ts';

/** What a template says of each pod (core/v1, PodTemplateSpec). */
interface Template {
  metadata?: ObjectMeta;
  spec?: PodSpec;
}

interface Workload {
  kind?: unknown;
  metadata?: ObjectMeta;
}

export interface TemplatedPod {
  pod: Pod;
  /** Before each path of the pod: `spec.template.`; empty for a pod itself. */
  prefix: string;
}

/** The way to the template in each kind that has one. */
const TEMPLATE_OF: ReadonlyMap<string, readonly string[]> = new Map([
  ['CronJob', ['spec', 'jobTemplate', 'spec', 'template']],
  ['DaemonSet', ['spec', 'template']],
  ['Deployment', ['spec', 'template']],
  ['Job', ['spec', 'template']],
  ['PodTemplate', ['template']],
  ['ReplicaSet', ['spec', 'template']],
  ['ReplicationController', ['spec', 'template']],
  ['StatefulSet', ['spec', 'template']],
]);

/** The kinds with a template, in alphabetical order. */
export const WORKLOAD_KINDS: readonly string[] = [...TEMPLATE_OF.keys()];

/** The pod that an object is, or that it would make; undefined where it makes none. */
export function podOf(object: unknown): TemplatedPod | undefined {
  if (!isRecord(object)) return undefined;
  const { kind, metadata = {} } = object as Workload;
  if (kind === 'Pod') return { pod: object as unknown as Pod, prefix: '' };
  const way = typeof kind === 'string' ? TEMPLATE_OF.get(kind) : undefined;
  if (!way) return undefined;
  const template = way.reduce<unknown>((part, key) => (isRecord(part) ? part[key] : undefined), object);
  if (!isRecord(template)) return undefined;
  const { metadata: ofPod, spec } = template as Template;
  return {
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: ofPlace(ofPod ?? {}, isRecord(metadata) ? metadata.namespace : undefined),
      ...(spec !== undefined && { spec }),
    },
    prefix: `${way.join('.')}.`,
  };
}

/** What is no object stays what it is, to be judged as that: a text of megabytes would become as many fields. */
function ofPlace(metadata: ObjectMeta, namespace: string | undefined): ObjectMeta {
  return isRecord(metadata) && namespace !== undefined ? { ...metadata, namespace } : metadata;
}
