import type { StoredMeta } from '../api/kubernetes.ts';

/** One state of one object. Resource versions are compared for equality only. */
interface Version {
  key: string;
  uid: string;
  resourceVersion: string;
}

/**
 * Whether a watch tells everything: what was known when the audit began, plus what the watch has told since, is held
 * against a list that was made meanwhile. The list's state is somewhere in between, so a watch that tells everything
 * must, sooner or later, have told each state that is in the list, and the end of each object that is not.
 */
export interface WatchAudit {
  /** The watch told of this state of an object. */
  told(version: Version): void;
  /** The watch told that the object is gone. */
  toldGone(uid: string): void;
  /** What the list has. */
  listed(version: Version): void;
  /** The keys of which the watch has not told what the list knows; meaningful once everything was listed. */
  missed(): string[];
}

/** Begins an audit. @param known every object in the cache now, before the list is asked for. */
export const createWatchAudit = (known: Iterable<Version>): WatchAudit => {
  const before = new Map<string, Version>();
  for (const version of known) before.set(version.uid, version);
  const list = new Map<string, Version>();
  const told = new Set<string>();
  const gone = new Set<string>();
  const stateOf = ({ uid, resourceVersion }: Version) => `${uid}/${resourceVersion}`;

  return {
    told(version) {
      told.add(stateOf(version));
    },
    toldGone(uid) {
      gone.add(uid);
    },
    listed(version) {
      list.set(version.uid, version);
    },
    missed() {
      const changes = [...list.values()].filter(
        (version) =>
          before.get(version.uid)?.resourceVersion !== version.resourceVersion &&
          !told.has(stateOf(version)) &&
          !gone.has(version.uid),
      );
      const ends = [...before.values()].filter(({ uid }) => !list.has(uid) && !gone.has(uid));
      return [...new Set([...changes, ...ends].map(({ key }) => key))];
    },
  };
};

/** The version that an object is in. */
export const versionOf = (key: string, { uid, resourceVersion }: StoredMeta): Version => ({
  key,
  uid,
  resourceVersion,
});
