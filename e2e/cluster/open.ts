import { currentCluster } from './current.ts';
import { driverNames } from './driver.ts';
import type { Cluster, DriverName } from './driver.ts';
import { kindCluster } from './kind.ts';
import { cacheDirectory } from './layout.ts';
import { localCluster } from './local.ts';
import { run } from './process.ts';
import type { Progress } from './progress.ts';
import { Unmet } from './unmet.ts';

export interface OpenOptions {
  /** Default: `$TASKGRANT_CLUSTER`, else "dev". */
  readonly name?: string | undefined;
  /** Default: `$TASKGRANT_CLUSTER_DRIVER`, else "kind" where a Docker engine answers, else "local". */
  readonly driver?: string | undefined;
  readonly progress: Progress;
}

/** The cluster that is asked for, whether it is up or not. In a command that a cluster runs, that cluster. */
export async function openCluster({ name, driver, progress }: OpenOptions): Promise<Cluster> {
  const cluster = name ?? process.env['TASKGRANT_CLUSTER'] ?? 'dev';
  const chosen = driver ?? process.env['TASKGRANT_CLUSTER_DRIVER'];
  const cache = cacheDirectory(process.env);
  switch (chosen === undefined ? await defaultDriver() : driverNamed(chosen)) {
    case 'local':
      return localCluster(cluster, cache, progress);
    case 'kind':
      return kindCluster(cluster, cache, progress);
    case 'current':
      return currentCluster(cluster, cache, progress);
  }
}

function driverNamed(text: string): DriverName {
  const found = driverNames.find((name) => name === text);
  if (!found) throw new Unmet(`"${text}" is no driver: choose ${driverNames.join(', ')}.`);
  return found;
}

/** A Docker engine that does not answer in this time is none. */
const ENGINE_LIMIT_MS = 5_000;

async function defaultDriver(): Promise<DriverName> {
  const question = ['docker', 'info', '--format', '{{.ServerVersion}}'];
  const engine = await run(question, { signal: AbortSignal.timeout(ENGINE_LIMIT_MS) }).catch(() => undefined);
  return engine?.code === 0 ? 'kind' : 'local';
}
