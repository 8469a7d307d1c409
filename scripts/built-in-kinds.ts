/**
 * `npm run generate:kinds`: writes src/core/rules/built-in-kinds.ts from the discovery documents that every pinned Kubernetes has
 * in its sources. It is apart from `npm run generate` because it needs Go, and the sources.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { kubernetesVersions } from '../e2e/cluster/programs.ts';
import { takesNoArguments } from './arguments.ts';
import { builtInKinds, otherNames, type ResourceList } from './built-in-kinds-extract.ts';
import { kubernetesSources } from './kubernetes-sources.ts';

takesNoArguments('generate:kinds', 'Writes which kinds the pinned Kubernetes versions have. Needs Go.');

/** Of aggregated discovery (apidiscovery.k8s.io/v2), where the names of groups and versions are. */
interface Groups {
  items: { metadata: { name: string }; versions: { version: string }[] }[];
}

async function resourceListsOf(kubernetes: string): Promise<ResourceList[]> {
  const read = await kubernetesSources(kubernetes);
  const { items } = (await read('api/discovery/aggregated_v2.json')) as Groups;
  const names = items.flatMap(({ metadata, versions }) =>
    versions.map(({ version }) => `apis__${metadata.name}__${version}`),
  );
  const lists = await Promise.all(['api__v1', ...names].map((name) => read(`api/discovery/${name}.json`)));
  return lists as ResourceList[];
}

const file = fileURLToPath(new URL('../src/core/rules/built-in-kinds.ts', import.meta.url));
const versions = kubernetesVersions();
const lists = (await Promise.all(versions.map(resourceListsOf))).flat();
const content = `/** Generated from the discovery documents of Kubernetes by \`npm run generate:kinds\`; do not edit. */
import type { BuiltInKinds } from './scope.ts';

/** Of which the kinds are, oldest first. */
export const BUILT_IN_KINDS_VERSIONS = ${JSON.stringify(versions)} as const;

/** The kinds of the API server itself, with their subresources, by their groups. */
export const BUILT_IN_KINDS: BuiltInKinds = ${JSON.stringify(builtInKinds(lists))};

/** What else people call them, with what they are called in a rule. */
export const OTHER_NAMES: Readonly<Record<string, string>> = ${JSON.stringify(otherNames(lists))};
`;
await writeFile(file, await format(content, { ...(await resolveConfig(file)), filepath: file }));
console.log(`Written: src/core/rules/built-in-kinds.ts, of Kubernetes ${versions.join(' and ')}`);
