/** Why an object of a grant could not be created, as the API server says it. */
import type { GrantReason } from '../api/reasons.ts';
import type { IssuedObject } from '../core/lifecycle/issued.ts';
import { isForbidden, isInvalid, isNotFound, type ApiError } from '../kube/api-error.ts';
import { isRefusedImpersonation } from './impersonation.ts';

/** What the escalation check says (k8s.io/kubernetes, pkg/registry/rbac/{role,rolebinding}/policybased/storage.go). */
const ESCALATION = 'attempting to grant RBAC permissions not currently held';

/** Undefined where it is worth trying again at once: no answer, a conflict, an overloaded server. */
export function creationFailure(
  error: unknown,
  { kind, metadata: { namespace = '', name = '' } }: IssuedObject,
): { reason: GrantReason; message: string } | undefined {
  if (isForbidden(error) && error.message.includes(ESCALATION)) {
    return {
      reason: 'BeyondCeiling',
      message: `the grantor of the class may not grant ${notHeldIn(error.message)}: ask for less in a new TaskGrant, or widen the ceiling of the class`,
    };
  }
  if (isRefusedImpersonation(error)) {
    return {
      reason: 'CreationRefused',
      message: `the controller may not act as the grantor of the class: give it the Role for that, as examples/class.yaml does (${error.message})`,
    };
  }
  // A binding whose Role somebody removed just now is told so by the same code.
  if (isNotFound(error) && error.details?.kind === 'roles') return undefined;
  if (isNotFound(error) || (isForbidden(error) && causesOf(error).includes('NamespaceTerminating'))) {
    return {
      reason: 'NamespaceNotFound',
      message: `namespace ${namespace} does not exist, or is being deleted`,
    };
  }
  if (isForbidden(error) || isInvalid(error)) {
    return { reason: 'CreationRefused', message: `${kind} ${namespace}/${name}: ${error.message}` };
  }
  return undefined;
}

/**
 * The rules that the API server names after the colon, one a line:
 * `user "g" (groups=[…]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], …}\n{…}`
 */
function notHeldIn(message: string): string {
  const lines = message.slice(message.indexOf(ESCALATION)).split('\n');
  const rules = lines.flatMap((line) => {
    const [from, to] = [line.indexOf('{'), line.lastIndexOf('}')];
    return from >= 0 && to > from ? [line.slice(from, to + 1)] : [];
  });
  return rules.length > 0 ? rules.join(', ') : 'this';
}

function causesOf(error: ApiError): string[] {
  return (error.details?.causes ?? []).map(({ reason }) => reason ?? '');
}
