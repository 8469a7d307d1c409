/** What an action changes of the facts on which the next plan is decided. */
import type { Facts } from './facts.ts';
import { inventoryItemOf, sameName, type FoundObject } from './issued.ts';
import type { InventoryItem } from '../../api/taskgrant.ts';

/** The rest of the facts stays. */
export type Change = Partial<
  Pick<Facts, 'grant' | 'requesterLacks' | 'failure' | 'unrecorded' | 'progress'>
> & {
  created?: FoundObject;
  removed?: InventoryItem;
  /** A pod whose deletion was accepted: it may go on for its grace period. */
  podRemoved?: { uid: string; at: string };
};

export function withChange(facts: Facts, { created, removed, podRemoved, ...change }: Change): Facts {
  const outdated = [...(removed ? [removed] : []), ...(created ? [inventoryItemOf(created)] : [])];
  const found = facts.found.filter(
    (object) => !outdated.some((item) => sameName(inventoryItemOf(object), item)),
  );
  return {
    ...facts,
    // What was seen to be gone says nothing of what is there since.
    ...(created && { progress: {} }),
    ...change,
    found: created ? [...found, created] : found,
    written: created ? [...facts.written, created.metadata.uid] : facts.written,
    pods: facts.pods.map((pod) =>
      pod.metadata.uid === podRemoved?.uid
        ? { ...pod, metadata: { ...pod.metadata, deletionTimestamp: podRemoved.at } }
        : pod,
    ),
  };
}
