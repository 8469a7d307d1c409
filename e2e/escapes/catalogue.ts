/** The catalogue of escapes: ways in which a pod can get identity that it was not granted, one a directory. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { readObjects, type ObjectText } from './object-text.ts';

/** Through which request the escape is tried: of a pod, of one of its subresources, or of what makes pods. */
export const DOORS = [
  'create',
  'update',
  'status',
  'ephemeralcontainers',
  'binding',
  'bindings',
  'connect-exec',
  'connect-attach',
  'connect-portforward',
  'connect-proxy',
  'template',
] as const;

export type Door = (typeof DOORS)[number];

const sentence = z.string().regex(/^\S.*\.\n?$/s, 'a sentence');

const escapeSchema = z
  .strictObject({
    /** What the escape does. */
    tries: sentence,
    /** The fact about Kubernetes that makes it work. */
    fact: sentence,
    /** Where that is written. */
    reference: z.url(),
    door: z.enum(DOORS),
    /** With which codes it is refused, whatever else is wrong with the pod. */
    codes: z.array(z.string().regex(/^[A-Z][A-Za-z]+$/)).min(1),
    /** What shows that it succeeds: that the API server takes it, or what a pod that runs prints. */
    proof: z.enum(['api', 'pod']),
    /** A regular expression on what the pod prints: the identity that was got. */
    prints: z.string().optional(),
    /** kubectl's arguments, where the request is made by connecting. */
    run: z.array(z.string()).optional(),
    /** What is typed into the connection. */
    types: z.string().optional(),
  })
  .refine(({ proof, prints }) => (proof === 'pod') === (prints !== undefined), {
    error: 'what prints something, and only that, is proven by a pod',
  })
  .refine(({ door, run }) => door.startsWith('connect-') === (run !== undefined), {
    error: 'what connects, and only that, says how',
  });

export interface Escape extends z.infer<typeof escapeSchema> {
  slug: string;
  /** The object that does it, or for a door to a pod that exists: the change. What connects has none. */
  manifest: ObjectText | undefined;
  /** What has to be there first. */
  setup: readonly ObjectText[];
}

const directory = fileURLToPath(new URL('catalogue', import.meta.url));

/** @throws Error with the escape's name where its files are not as they should be. */
export async function readCatalogue(): Promise<Escape[]> {
  const slugs = await readdir(directory);
  return Promise.all(slugs.toSorted().map(readEscape));
}

async function readEscape(slug: string): Promise<Escape> {
  try {
    const text = await readFile(`${directory}/${slug}/escape.yaml`, 'utf8');
    const escape = escapeSchema.parse(parse(text));
    const manifests = await readObjects(`${directory}/${slug}/manifest.yaml`);
    if (manifests.length !== (escape.run === undefined ? 1 : 0))
      throw new Error('one manifest, unless it connects');
    return {
      slug,
      ...escape,
      manifest: manifests[0],
      setup: await readObjects(`${directory}/${slug}/setup.yaml`),
    };
  } catch (error) {
    throw new Error(`catalogue/${slug}: ${String(error)}`, { cause: error });
  }
}
