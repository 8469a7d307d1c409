import { ENFORCE_LABEL } from '../api/group.ts';
import type { UserInfo } from '../api/kubernetes.ts';
import type { Violation } from '../core/decision/violation.ts';
import type { Issue } from '../core/envelope/judge-issue.ts';
import { grantOfAccount } from '../core/names.ts';
import type { Facts } from './facts.ts';
import type { Answer } from './review.ts';
import { auditNotes } from './validate-pods.ts';
import { labelsForConditions } from './pod-facts.ts';

interface Request {
  account: Issue['account'];
  /** What the request says of the pod that it is for. */
  pod: { name?: string; uid?: string };
  user: UserInfo;
}

/**
 * Whether a token or a certificate is issued now.
 *
 * @param headline what is refused, where it is
 */
export async function answerToIssue(
  request: Request,
  facts: Facts,
  headline: string,
  judge: (issue: Issue) => Violation[],
): Promise<Answer> {
  const grantName = grantOfAccount(request.account.name);
  // What is not named as the account of a grant is nobody's business here.
  if (grantName === undefined) return { allowed: true };
  const issue = await issueFacts(request, grantName, facts);
  const violations = judge(issue);
  const audit = auditNotes(grantName, issue.grant);
  return violations.length === 0 ? { allowed: true, audit } : { allowed: false, headline, violations, audit };
}

async function issueFacts({ account, pod, user }: Request, grantName: string, facts: Facts): Promise<Issue> {
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
