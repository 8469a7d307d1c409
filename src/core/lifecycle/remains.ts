/** What of a grant is there to be removed, and how long what is gone is looked for. */
import type { InventoryItem } from '../../api/taskgrant.ts';
import type { Action, Facts, Look } from './facts.ts';
import { inventoryItemOf, isIssuedFor, sameName } from './issued.ts';

/** What stands in the inventory, and what is labelled as this grant's without standing there. */
export function itemsToRemove(facts: Facts): InventoryItem[] {
  const known = itemsToLookAt(facts);
  const labelled = labelledItems(facts);
  return [...known, ...labelled.filter((item) => !known.some((other) => sameName(other, item)))];
}

/**
 * What the receipt is about: the inventory. Nothing is made for a grant that is not recorded there first; what only says by its
 * labels that it was is somebody else's, who must not be able to hold a revocation up with it.
 */
export function itemsToLookAt(facts: Facts): InventoryItem[] {
  const labelled = labelledItems(facts);
  // A found object knows its UID, which a planned entry does not.
  return (facts.grant.status?.inventory ?? []).map(
    (item) => labelled.find((other) => sameName(other, item)) ?? item,
  );
}

export function labelledItems({ grant, found }: Facts): InventoryItem[] {
  return found.filter((object) => isIssuedFor(grant, object)).map(inventoryItemOf);
}

export function isBinding({ kind }: InventoryItem): boolean {
  return kind === 'RoleBinding';
}

/** Whether it gives rights, or is what is given: everything but the account. */
export function isOfRights({ kind }: InventoryItem): boolean {
  return kind !== 'ServiceAccount';
}

export function removals(items: readonly InventoryItem[]): Action[] {
  return items.map((item) => ({ do: 'remove', item }));
}

/**
 * The authorizer of each API server learns of a deleted binding by a watch, milliseconds later. What it still allows
 * after this long comes from bindings that are not the product's.
 */
const AUTHORIZER_LAG_MS = 5000;

/**
 * When to look again because the API server still allows something, in milliseconds since the epoch: after as long again as it was
 * waited already, soon at first, and a dozen looks in all at most. Undefined where the last look counts.
 *
 * @param removedAt when the last binding went
 */
export function lookAgainAt({ at, stillAllowed }: Look, removedAt: string | undefined): number | undefined {
  const waited = Date.parse(at) - Date.parse(removedAt ?? at);
  return stillAllowed.length > 0 && waited < AUTHORIZER_LAG_MS
    ? Date.parse(at) + Math.max(2, waited)
    : undefined;
}

/** Those that are deleted and still there, for people. */
export function heldByFinalizers({ remaining }: Look): string {
  const names = remaining.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`);
  return `deleted and still there, held by somebody's finalizer: ${names.join(', ')}`;
}
