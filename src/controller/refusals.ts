/**
 * What the API server refused to create, until it is time to try again. What happens meanwhile (the attempt itself has changed the
 * grant's status, and removed what it had made) is no reason to: it would be tried without a pause.
 */
import type { Facts } from '../core/lifecycle/facts.ts';

type Failure = NonNullable<Facts['failure']>;

export interface Refusals {
  /** What is known of this grant's last attempt while it is not time for the next one. Times are milliseconds since the epoch. */
  recall(key: string, uid: string, now: number): { failure: Failure; until: number } | undefined;
  /** Keeps what an attempt was refused for; of one that is known already nothing changes. */
  note(key: string, uid: string, failure: Failure | undefined, until: number | undefined): void;
}

export function createRefusals(): Refusals {
  const known = new Map<string, { uid: string; failure: Failure; until: number }>();
  return {
    recall(key, uid, now) {
      const found = known.get(key);
      if (found?.uid === uid && now < found.until) return found;
      known.delete(key);
      return undefined;
    },
    note(key, uid, failure, until) {
      // Everything else that fails ends the grant, or leaves it to people.
      if (failure?.reason !== 'CreationRefused' || until === undefined || known.has(key)) return;
      known.set(key, { uid, failure, until });
    },
  };
}
