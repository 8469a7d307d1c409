import { ENFORCE_LABEL } from '../api/group.ts';
import type { UserInfo } from '../api/kubernetes.ts';
import type { Issue } from '../core/envelope/judge-issue.ts';
import type { Facts } from './facts.ts';
import { labelsForConditions } from './pod-facts.ts';

interface Request {
  account: Issue['account'];
  /** By the account's name. */
  grantName: string;
  /** What the request says of the pod that it is for. */
  pod: { name?: string; uid?: string };
  user: UserInfo;
}

/** What a token or a certificate for the account of a grant is decided by. */
export async function issueFacts({ account, grantName, pod, user }: Request, facts: Facts): Promise<Issue> {
  const { namespace } = account;
  const [grant, level, found] = await Promise.all([
    // Of one that is suspended the account stays, so that nothing but this answer keeps tokens from it: no cache is asked.
    facts.grants.current(namespace, grantName),
    facts.namespaces.level(namespace, ENFORCE_LABEL),
    facts.pods.bound(namespace, pod),
  ]);
  return {
    account,
    user,
    grant,
    pod: found,
    podsOfAccount: facts.pods.ofAccount(account),
    level,
    namespaceLabels: await labelsForConditions(grant, namespace, facts),
    apiAudiences: facts.apiAudiences,
    now: facts.now(),
  };
}
