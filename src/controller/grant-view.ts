/**
 * The grants as this process knows them: the cache, and where the cache has not heard yet of what this process wrote
 * itself, what it wrote. Resource versions are compared for equality only: their order is the API server's secret.
 */
import type { Stored } from '../api/kubernetes.ts';
import type { TaskGrant } from '../api/taskgrant.ts';
import type { Reader } from '../kube/reader.ts';

export interface GrantView {
  get(key: string): Stored<TaskGrant> | undefined;
  /** The API server answered a write of ours, which was made on this version, with this object. */
  wrote(key: string, before: Stored<TaskGrant>, after: Stored<TaskGrant>): void;
  /** Asks the API server, and takes its answer for what the grant is until the cache has caught up. */
  refresh(
    key: string,
    read: () => Promise<Stored<TaskGrant> | undefined>,
  ): Promise<Stored<TaskGrant> | undefined>;
}

interface Written {
  grant: Stored<TaskGrant>;
  /** Versions that came before it: a cache that has one of them is behind. */
  outdated: Set<string>;
}

export function createGrantView(reader: Pick<Reader<TaskGrant>, 'get'>): GrantView {
  const written = new Map<string, Written>();
  return {
    get(key) {
      const cached = reader.get(key);
      const own = written.get(key);
      // Gone, and never to come again: the next grant of this name is another one.
      if (!cached) written.delete(key);
      if (!own || !cached) return cached;
      if (own.outdated.has(cached.metadata.resourceVersion)) return own.grant;
      // The cache has caught up, or somebody wrote after us.
      written.delete(key);
      return cached;
    },
    wrote(key, before, after) {
      if (before.metadata.resourceVersion === after.metadata.resourceVersion) return;
      const outdated = written.get(key)?.outdated ?? new Set<string>();
      // Not what the cache has by now: that may have overtaken the answer, and be somebody's later write.
      outdated.add(before.metadata.resourceVersion);
      written.set(key, { grant: after, outdated });
    },
    async refresh(key, read) {
      const outdated = new Set(written.get(key)?.outdated);
      // Both were known before the API server was asked, so neither is newer than its answer.
      for (const known of [reader.get(key), written.get(key)?.grant])
        if (known) outdated.add(known.metadata.resourceVersion);
      const grant = await read();
      if (grant) outdated.delete(grant.metadata.resourceVersion);
      if (grant) written.set(key, { grant, outdated });
      else written.delete(key);
      return grant;
    },
  };
}
