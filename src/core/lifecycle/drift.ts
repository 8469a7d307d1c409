/** What of that on which a decision was taken no longer holds. */
import { renderViolation } from '../decision/denial.ts';
import { classIsAccepted, classNotFound, grantWithinClass } from '../envelope/class.ts';
import { listed } from '../listed.ts';
import type { Facts } from './facts.ts';
import { driftOf, inventoryItemOf, isIssuedFor, issuedFor, sameName } from './issued.ts';

export interface Drift {
  message: string;
  /** Whether it is the account that is not as it was, so that there is none which holds nothing, and to which rights could be given back. */
  ofAccount: boolean;
}

/** Whether the grant ends because of it. Otherwise it is suspended: spec.onDrift says so, and there is an account left to go on with. */
export function isReasonToEnd({ grant }: Pick<Facts, 'grant'>, { ofAccount }: Drift): boolean {
  return ofAccount || grant.status?.phase !== 'Active' || grant.spec.onDrift !== 'Suspend';
}

/**
 * What was issued is exactly what the decision said, or else the decision no longer holds. While the grant is not
 * active some of it may not be there yet; what is there must be right all the same. Nor is it drift where something is missing
 * of a grant that is over, or to be suspended: an end or a suspension whose record was lost has removed it. Of a suspended grant there
 * is the account.
 */
export function issuedDrift(facts: Facts, { isOver }: { isOver: boolean }): Drift | undefined {
  const { grant, found } = facts;
  const { phase, inventory } = grant.status ?? {};
  for (const issued of issuedFor(grant)) {
    const item = inventoryItemOf(issued);
    const ofAccount = item.kind === 'ServiceAccount';
    if (phase === 'Suspended' && !ofAccount) continue;
    const drift = (message: string): Drift => ({ message, ofAccount });
    const isRelied = phase === 'Active' || phase === 'Suspended';
    const name = `${item.kind} ${item.namespace}/${item.name}`;
    const there = found.find((object) => sameName(inventoryItemOf(object), item));
    if (!there) {
      const mayBeMissing = isOver || (grant.spec.suspend && !ofAccount);
      if (isRelied && !mayBeMissing) return drift(`${name} is gone`);
      continue;
    }
    // Somebody else's object in the way is met when ours is created, and refused there.
    if (!isRelied && !isIssuedFor(grant, there)) continue;
    const recorded = inventory?.find((other) => sameName(other, item));
    if (isRelied && recorded?.uid !== there.metadata.uid)
      return drift(`${name} is another object of that name`);
    const difference = driftOf(issued, there, facts.externalKeys);
    if (difference !== undefined) return drift(difference);
  }
  return undefined;
}

/**
 * Somebody has bound more to the account: by its name, which is no accident, since it is random and never used twice; or, while the grant
 * was active, to all accounts of its namespace. Both are what the floor refuses everybody (src/core/floor/subjects.ts). What
 * it refuses nobody (bindings elsewhere that name the group, and wider groups) ends nothing: see docs/decisions/0023-watched.md.
 */
export function boundDrift(facts: Facts): Drift | undefined {
  const { byHand } = facts.besides;
  if (byHand.length > 0) {
    const bindings = listed(byHand.map(({ by }) => by));
    return { message: `more is bound to the account of the grant, by ${bindings}`, ofAccount: true };
  }
  return facts.grant.status?.phase === 'Active' ? groupDrift(facts) : undefined;
}

/**
 * What was bound to the group before is what every account there held when the grant was decided on. The times are whole seconds of the API
 * server's and milliseconds of ours: in doubt it was before, and is in status.risk all the same.
 */
export function groupDrift({ grant, besides }: Pick<Facts, 'grant' | 'besides'>): Drift | undefined {
  const { activatedAt } = grant.status ?? {};
  if (activatedAt === undefined) return undefined;
  const later = besides.toItsNamespace.filter(({ since }) => Date.parse(since) > Date.parse(activatedAt));
  if (later.length === 0) return undefined;
  const { namespace } = grant.metadata;
  return {
    message: `more is bound to all service accounts of namespace ${namespace}, by ${listed(later.map(({ by }) => by))}`,
    ofAccount: false,
  };
}

/**
 * Why the class of an active grant does not allow it any more: the class has changed or is gone, or its namespace's labels have. Of a
 * class that cannot be judged by (it is not accepted) nothing follows for what is active: it says neither yes nor no.
 */
export function classDrift({
  grant,
  class: itsClass,
  namespace,
  failedValidations,
  apiAudiences,
}: Facts): Drift | undefined {
  if (grant.status?.phase !== 'Active') return undefined;
  if (itsClass && classIsAccepted(itsClass).length > 0) return undefined;
  const violations = itsClass
    ? [
        ...grantWithinClass(grant, itsClass, { labels: namespace?.metadata.labels, apiAudiences }),
        ...failedValidations,
      ]
    : [classNotFound(grant.spec.className)];
  if (violations.length === 0) return undefined;
  return { message: violations.map(renderViolation).join('; '), ofAccount: false };
}
