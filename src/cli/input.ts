/** What both commands begin with: the files, and what is known besides. */
import type { Level } from '../api/group.ts';
import { externalKeys, parseExternalKey, type ExternalKeys } from '../core/identity/external-identity.ts';
import type { ClusterChoice } from '../kube/cluster-access.ts';
import { manifestsIn, type Manifest } from './manifests.ts';
import { CannotRun, messageOf, type Problem } from './problem.ts';
import { readSources } from './sources.ts';
import { objectsIn, objectsOfBoth } from './surroundings.ts';
import type { World } from './judge.ts';

/** The flags that every command has which reads files. */
export interface FileFlags {
  filename: string[];
  recursive: boolean;
  namespace?: string | undefined;
}

/** The flags that every command has which asks a cluster, as kubectl has them. */
export interface ClusterFlags extends ClusterChoice {
  as?: string;
  asGroup?: string[];
}

/** The flags that check and init have. */
export interface InputFlags extends FileFlags, ClusterFlags {
  server: boolean;
  apiAudience: string[];
  externalIdentity: string[];
}

export interface Surroundings {
  stdin: NodeJS.ReadableStream;
  version: string;
  /** Milliseconds since the epoch. */
  now: number;
}

export interface Input {
  manifests: Manifest[];
  problems: Problem[];
  /** What was noted while the world was looked at. */
  notes: ReadonlySet<string>;
  world: World;
}

export const DEFAULT_NAMESPACE = 'default';

/**
 * Reads the input, has it used, and closes the connection to the cluster, if there was one.
 *
 * @throws CannotRun where a flag makes no sense, or the cluster cannot be asked
 */
export async function withInput<T>(
  flags: InputFlags & { level: Level },
  { stdin, version, now }: Surroundings,
  use: (input: Input) => Promise<T>,
): Promise<T> {
  const keys = externalKeysOf(flags.externalIdentity);
  const { manifests, problems } = await readInput(flags, stdin);
  const inFiles = objectsIn(manifests.map(({ object }) => object));
  const notes = new Set<string>();
  const cluster = flags.server ? await connected(version, flags) : undefined;
  try {
    return await use({
      manifests,
      problems,
      notes,
      world: {
        objects: cluster ? objectsOfBoth(inFiles, cluster) : inFiles,
        isWhole: cluster !== undefined,
        note: (text) => notes.add(text),
        apiAudiences: flags.apiAudience,
        externalKeys: keys,
        level: flags.level,
        now,
      },
    });
  } finally {
    await cluster?.close();
  }
}

/** Every object of the files, and what cannot be read of them. */
export async function readInput(
  { filename, recursive, namespace = DEFAULT_NAMESPACE }: FileFlags,
  stdin: NodeJS.ReadableStream,
): Promise<Pick<Input, 'manifests' | 'problems'>> {
  const { sources, problems: unread } = await readSources(filename, { recursive, stdin });
  const { manifests, problems } = manifestsIn(sources, namespace);
  const isEmpty = manifests.length + problems.length + unread.length === 0;
  return { manifests, problems: [...unread, ...problems, ...(isEmpty ? [nothingIn(filename)] : [])] };
}

async function connected(version: string, flags: ClusterFlags) {
  const { openCluster } = await clusterModule('--server', 'leave it out, and which cluster to ask, or ');
  return openCluster(version, flags);
}

/**
 * What speaks to a cluster, which is loaded where it is asked for: undici 8 takes a newer Node than all the rest.
 *
 * @throws CannotRun where this Node is too old for it
 */
export async function clusterModule(what: string, otherwise = '') {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 19)) {
    throw new CannotRun(
      `${what} takes Node 22.19 or newer, and this is ${process.versions.node}: ${otherwise}run it with a newer one`,
    );
  }
  return import('./cluster.ts');
}

/** As where a chart was rendered that failed, and its output is piped in. */
function nothingIn(names: readonly string[]): Problem {
  return { file: names.join(', '), message: 'there is no object in it: check what writes it' };
}

function externalKeysOf(texts: readonly string[]): ExternalKeys {
  try {
    return externalKeys(texts.map(parseExternalKey));
  } catch (error) {
    throw new CannotRun(`--external-identity: ${messageOf(error)}`);
  }
}

/** What to say about objects whose author left the namespace open; undefined where it was named, or there are none. */
export function namespaceNote(
  manifests: readonly Manifest[],
  namespace: string | undefined,
): string | undefined {
  const open = manifests.filter(({ inDefaultNamespace }) => inDefaultNamespace).length;
  if (namespace !== undefined || open === 0) return undefined;
  const what =
    open === 1 ? '1 object names no namespace and counts' : `${open} objects name no namespace and count`;
  return `${what} as of namespace ${DEFAULT_NAMESPACE}: say another with -n`;
}
