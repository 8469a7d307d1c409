/** Pods that must be admitted: shapes of well-known charts and agents, each with the grant that covers it. */
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { kindOf, readObjects, type ObjectText } from './object-text.ts';

export interface Legitimate {
  /** Its file's name, its grant's and, in the pod's label, what it runs under. */
  slug: string;
  pod: ObjectText;
  grant: ObjectText;
  /** What else has to be there: drivers, classes, claims. */
  setup: readonly ObjectText[];
}

const directory = fileURLToPath(new URL('legitimate', import.meta.url));

/** @throws Error where a file does not hold exactly one pod and its grant. */
export async function readLegitimate(): Promise<Legitimate[]> {
  const files = await readdir(directory);
  return Promise.all(files.toSorted().map(readOne));
}

async function readOne(file: string): Promise<Legitimate> {
  const objects = await readObjects(`${directory}/${file}`);
  const pods = objects.filter((object) => kindOf(object) === 'Pod');
  const grants = objects.filter((object) => kindOf(object) === 'TaskGrant');
  const [pod, grant] = [pods[0], grants[0]];
  if (!pod || !grant || pods.length > 1 || grants.length > 1)
    throw new Error(`legitimate/${file}: not one Pod and one TaskGrant`);
  const setup = objects.filter((object) => object !== pod && object !== grant);
  return { slug: file.replace(/\.yaml$/, ''), pod, grant, setup };
}
