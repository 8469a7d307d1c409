/** Doors into a pod that runs: exec, attach, port-forward, proxy. */
import type { Stored } from '../../api/kubernetes.ts';
import type { TaskGrant } from '../../api/taskgrant.ts';
import type { Violation } from '../decision/violation.ts';

export interface Connection {
  /** Of which pod, by name. */
  pod: string;
  /** `exec`, `attach`, `portforward` or `proxy`. */
  door: string;
  grant: Pick<Stored<TaskGrant>, 'spec'>;
}

/**
 * The pod that a connection is to. For a proxy the name in the request may be `pod`, `pod:port` or `scheme:pod:port`
 * (apimachinery, util/net, SplitSchemeNamePort); no name of a pod has a colon.
 */
export function podOfConnection(name: string): string {
  const [first = '', second = '', ...rest] = name.split(':');
  return rest.length > 0 ? second : first;
}

/** Nobody but the task's own containers has its identity, unless the grant says otherwise. */
export function judgeConnection({ pod, door, grant }: Connection): Violation[] {
  if (grant.spec.workload.allowExec) return [];
  return [
    {
      code: 'ExecNotAllowed',
      path: `pods/${door}`,
      asked: `${door} into pod ${pod}`,
      allowed: 'none',
      fix: 'set spec.workload.allowExec in a new grant where people must look into the running task',
    },
  ];
}
