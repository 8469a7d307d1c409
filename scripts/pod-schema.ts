/**
 * `npm run generate:pod-schema`: writes src/core/identity/pod-schema.ts from the OpenAPI document that the pinned
 * Kubernetes has in its sources. It is apart from `npm run generate` because it needs Go, and the sources.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { defaultKubernetes } from '../e2e/cluster/programs.ts';
import { takesNoArguments } from './arguments.ts';
import { kubernetesSources } from './kubernetes-sources.ts';
import { podSchema, type OpenApiDocument } from './pod-schema-extract.ts';

takesNoArguments('generate:pod-schema', 'Writes the shape of a pod from the pinned Kubernetes. Needs Go.');

const file = fileURLToPath(new URL('../src/core/identity/pod-schema.ts', import.meta.url));

const read = await kubernetesSources();
const document = await read('api/openapi-spec/v3/api__v1_openapi.json');
const schema = podSchema(document as OpenApiDocument);
const content = `/** Generated from the OpenAPI document of Kubernetes by \`npm run generate:pod-schema\`; do not edit. */
import type { Schema } from './schema.ts';

export const POD_SCHEMA_VERSION = '${defaultKubernetes}';

/** The shape of each field of each definition that a pod's metadata and spec are made of: see schema.ts. */
export const POD_SCHEMA = ${JSON.stringify(schema)} as const satisfies Schema;
`;
await writeFile(file, await format(content, { ...(await resolveConfig(file)), filepath: file }));
console.log(`Written: src/core/identity/pod-schema.ts, of Kubernetes ${defaultKubernetes}`);
