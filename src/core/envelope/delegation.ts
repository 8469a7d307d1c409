/** What a task hands on to others. */
import type { UserInfo } from '../../api/kubernetes.ts';
import type { Violation } from '../decision/violation.ts';
import { grantOfAccount } from '../names.ts';
import { accountOf } from '../rules/bound.ts';

/**
 * That no task creates a grant, whatever its RBAC lets it create: of grants that it made itself, one could be its successor, and each
 * would be bounded by a class, and not by its own grant.
 */
export function notCreatedByTask({ username = '' }: UserInfo): Violation[] {
  const account = accountOf({ kind: 'User', name: username }, undefined);
  const grantName = account && grantOfAccount(account.name);
  if (grantName === undefined) return [];
  return [
    {
      code: 'DelegationNotGranted',
      path: 'spec.requestedBy.username',
      asked: username,
      allowed: 'no grants',
      fix: `have it created by who created TaskGrant ${grantName}, or by an account that is no task’s`,
    },
  ];
}
