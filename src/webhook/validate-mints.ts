import { judgeMint } from '../core/envelope/judge-mint.ts';
import { grantOfAccount } from '../core/names.ts';
import type { Facts } from './facts.ts';
import { issueFacts } from './issue-facts.ts';
import { tokenRequestIn, type Reviewer } from './review.ts';
import { auditNotes } from './validate-pods.ts';

/** Judges each token that is minted for the account of a grant, whoever asks for it. */
export function createMintValidator(facts: Facts): Reviewer {
  return async ({ object, userInfo, namespace = '', name = '' }) => {
    const spec = tokenRequestIn(object);
    const grantName = grantOfAccount(name);
    // What is not named as the account of a grant is nobody's business here.
    if (grantName === undefined) return { allowed: true };
    const request = {
      account: { namespace, name },
      grantName,
      pod: spec.boundObjectRef ?? {},
      user: userInfo,
    };
    const issue = await issueFacts(request, facts);
    const violations = judgeMint({ ...issue, spec });
    const audit = auditNotes(grantName, issue.grant);
    if (violations.length === 0) return { allowed: true, audit };
    return {
      allowed: false,
      headline: 'no token is minted for the account of the TaskGrant',
      violations,
      audit,
    };
  };
}
