import { judgeConnection, podOfConnection } from '../core/envelope/judge-connection.ts';
import { grantNotFound } from '../core/envelope/judge-pod.ts';
import type { Facts } from './facts.ts';
import type { Reviewer } from './review.ts';
import { auditNotes, grantNamed } from './validate-pods.ts';

/** Judges exec, attach, port-forward and proxy: whether somebody may come into a pod under a grant. */
export function createConnectionValidator(facts: Facts): Reviewer {
  return async ({ namespace = '', name: connection = '', subResource: door = '' }) => {
    const pod = podOfConnection(connection);
    const name = await facts.pods.grantNameOf(namespace, pod);
    if (name === undefined) return { allowed: true };
    const grant = await grantNamed(name, namespace, facts);
    const audit = auditNotes(name, grant);
    const violations = grant ? judgeConnection({ pod, door, grant }) : grantNotFound(name);
    if (violations.length === 0) return { allowed: true, audit };
    return { allowed: false, headline: 'nobody gets into the pod of a TaskGrant', violations, audit };
  };
}
