import { ENFORCE_LABEL } from '../api/group.ts';
import { judgeMint } from '../core/envelope/judge-mint.ts';
import { grantOfAccount } from '../core/names.ts';
import type { Facts } from './facts.ts';
import { tokenRequestIn, type Reviewer } from './review.ts';
import { auditNotes } from './validate-pods.ts';

/** Judges each token that is minted for the account of a grant, whoever asks for it. */
export function createMintValidator(facts: Facts): Reviewer {
  return async ({ object, userInfo, namespace = '', name = '' }) => {
    const spec = tokenRequestIn(object);
    const grantName = grantOfAccount(name);
    // What is not named as the account of a grant is nobody's business here.
    if (grantName === undefined) return { allowed: true };
    const account = { namespace, name };
    const [grant, level, pod] = await Promise.all([
      // Of one that is suspended the account stays, so that nothing but this answer keeps tokens from it: no cache is asked.
      facts.grants.current(namespace, grantName),
      facts.namespaces.level(namespace, ENFORCE_LABEL),
      facts.pods.bound(namespace, spec.boundObjectRef ?? {}),
    ]);
    const { apiAudiences } = facts;
    const podsOfAccount = facts.pods.ofAccount(account);
    const now = facts.now();
    const violations = judgeMint({
      spec,
      account,
      user: userInfo,
      grant,
      pod,
      podsOfAccount,
      level,
      apiAudiences,
      now,
    });
    const audit = auditNotes(grantName, grant);
    if (violations.length === 0) return { allowed: true, audit };
    return {
      allowed: false,
      headline: 'no token is minted for the account of the TaskGrant',
      violations,
      audit,
    };
  };
}
