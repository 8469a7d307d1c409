/** The sources of a pinned Kubernetes, which say of its API what a server would. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { must } from '../e2e/cluster/process.ts';
import { defaultKubernetes } from '../e2e/cluster/programs.ts';

/** @returns what reads a JSON file of theirs, by its path; Go gets the sources where it does not have them yet */
export async function kubernetesSources(
  version = defaultKubernetes,
): Promise<(path: string) => Promise<unknown>> {
  const folder = await sourcesOf('k8s.io/kubernetes', version);
  return async (path) => JSON.parse(await readFile(join(folder, path), 'utf8')) as unknown;
}

async function sourcesOf(module: string, version: string): Promise<string> {
  const cwd = fileURLToPath(new URL(`../e2e/cluster/programs/kubernetes-${version}`, import.meta.url));
  const options = { cwd, env: { GOFLAGS: '', GOWORK: 'off' } };
  await must(['go', 'mod', 'download', module], options);
  return (await must(['go', 'list', '-m', '-f', '{{.Dir}}', module], options)).trim();
}
