import { judgeCertificate } from '../core/envelope/judge-certificate.ts';
import { grantOfAccount } from '../core/names.ts';
import type { Facts } from './facts.ts';
import { issueFacts } from './issue-facts.ts';
import { certificateRequestIn, type Reviewer } from './review.ts';
import { auditNotes } from './validate-pods.ts';

/** Judges each certificate that is asked for in the name of a grant's account, whoever asks for it. */
export function createCertificateValidator(facts: Facts): Reviewer {
  return async ({ object, userInfo, namespace = '' }) => {
    const spec = certificateRequestIn(object);
    const account = { namespace, name: spec.serviceAccountName };
    const grantName = grantOfAccount(account.name);
    // What is not named as the account of a grant is nobody's business here.
    if (grantName === undefined) return { allowed: true };
    const pod = { name: spec.podName, uid: spec.podUID };
    const issue = await issueFacts({ account, grantName, pod, user: userInfo }, facts);
    const violations = judgeCertificate({ ...issue, spec });
    const audit = auditNotes(grantName, issue.grant);
    if (violations.length === 0) return { allowed: true, audit };
    return {
      allowed: false,
      headline: 'no certificate is asked for in the name of the account of the TaskGrant',
      violations,
      audit,
    };
  };
}
