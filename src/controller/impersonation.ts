/** How the controller becomes a grantor: found out by trying, since a cluster's version says only what could be in force. */
import type { TaskGrantClassSpec } from '../api/taskgrantclass.ts';
import { roleNameFor, usernameOf } from '../core/names.ts';
import { ApiError, isForbidden } from '../kube/api-error.ts';
import type { Client } from '../kube/client.ts';
import { roles, selfSubjectReviews } from '../kube/resources.ts';

export type Impersonation = 'Constrained' | 'Plain' | 'Refused';

/**
 * Asks as the grantor who one is, which everybody may: where that is answered, the controller may do whatever the grantor may. Else it
 * tries what it needs, without anything being stored. Whatever the API server says to that, it has let the controller be the
 * grantor, unless it says that it has not.
 *
 * @throws NoAnswerError, and ApiError where the API server was in trouble; then nothing is known.
 */
export async function probeImpersonation(
  grantor: TaskGrantClassSpec['grantor'],
  client: Client,
  signal: AbortSignal,
): Promise<Impersonation> {
  const asGrantor = client.as({ username: usernameOf(grantor) });
  const whoAmI = () =>
    asGrantor.create(
      selfSubjectReviews,
      { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: {} },
      { signal },
    );
  const writeRole = () => {
    const name = roleNameFor({ namespace: grantor.namespace, name: 'probe' });
    const metadata = { namespace: grantor.namespace, name };
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules: [] };
    return asGrantor.create(roles, role, { dryRun: true, signal });
  };
  if (await isLetIn(whoAmI)) return 'Plain';
  return (await isLetIn(writeRole)) ? 'Constrained' : 'Refused';
}

/** What the authorizer says: `cannot impersonate resource …`, `cannot impersonate:serviceaccount …`, `cannot impersonate-on:… …`. */
const REFUSED = /cannot impersonate(-on)?(:\w+)* resource/;

export function isRefusedImpersonation(error: unknown): error is ApiError {
  return isForbidden(error) && REFUSED.test(error.message);
}

async function isLetIn(request: () => Promise<unknown>): Promise<boolean> {
  try {
    await request();
    return true;
  } catch (error) {
    if (isRefusedImpersonation(error)) return false;
    if (error instanceof ApiError && error.code < 500) return true;
    throw error;
  }
}
