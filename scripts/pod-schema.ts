/**
 * `npm run generate:pod-schema`: writes src/core/identity/pod-schema.ts from the OpenAPI document that the pinned
 * Kubernetes has in its sources. It is apart from `npm run generate` because it needs Go, and the sources.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { must } from '../e2e/cluster/process.ts';
import { defaultKubernetes } from '../e2e/cluster/programs.ts';
import { takesNoArguments } from './arguments.ts';
import { podSchema, type OpenApiDocument } from './pod-schema-extract.ts';

takesNoArguments('generate:pod-schema', 'Writes the shape of a pod from the pinned Kubernetes. Needs Go.');

const file = fileURLToPath(new URL('../src/core/identity/pod-schema.ts', import.meta.url));

/** The folder of the module's sources, which Go gets where it does not have them yet. */
async function sourcesOf(module: string, version: string): Promise<string> {
  const cwd = fileURLToPath(new URL(`../e2e/cluster/programs/kubernetes-${version}`, import.meta.url));
  const options = { cwd, env: { GOFLAGS: '', GOWORK: 'off' } };
  await must(['go', 'mod', 'download', module], options);
  return (await must(['go', 'list', '-m', '-f', '{{.Dir}}', module], options)).trim();
}

const sources = await sourcesOf('k8s.io/kubernetes', defaultKubernetes);
const document = await readFile(join(sources, 'api/openapi-spec/v3/api__v1_openapi.json'), 'utf8');
const schema = podSchema(JSON.parse(document) as OpenApiDocument);
const content = `/** Generated from the OpenAPI document of Kubernetes by \`npm run generate:pod-schema\`; do not edit. */
import type { Schema } from './schema.ts';

export const POD_SCHEMA_VERSION = '${defaultKubernetes}';

/** The shape of each field of each definition that a pod's metadata and spec are made of: see schema.ts. */
export const POD_SCHEMA = ${JSON.stringify(schema)} as const satisfies Schema;
`;
await writeFile(file, await format(content, { ...(await resolveConfig(file)), filepath: file }));
console.log(`Written: src/core/identity/pod-schema.ts, of Kubernetes ${defaultKubernetes}`);
