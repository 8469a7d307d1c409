import { shortenedLifetime } from '../core/envelope/judge-mint.ts';
import { grantOfAccount } from '../core/names.ts';
import type { Facts } from './facts.ts';
import { tokenRequestIn, type Reviewer } from './review.ts';
import { auditNotes, grantNamed } from './validate-pods.ts';

/** Has no token live longer than its grant, as far as the API server mints such short ones. */
export function createMintMutator(facts: Facts): Reviewer {
  return async ({ object, namespace = '', name = '' }) => {
    const spec = tokenRequestIn(object);
    const grantName = grantOfAccount(name);
    const grant = await grantNamed(grantName, namespace, facts);
    if (grant?.status?.serviceAccountName !== name) return { allowed: true };
    const shortened = shortenedLifetime(spec, { grant, apiAudiences: facts.apiAudiences }, facts.now());
    const audit = auditNotes(grantName, grant);
    if (shortened === undefined) return { allowed: true, audit };
    return {
      allowed: true,
      patch: [{ op: 'add', path: '/spec/expirationSeconds', value: shortened }],
      audit,
    };
  };
}
