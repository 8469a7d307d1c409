/** That pods are judged by the schema that the API server has of them. */
import { afterAll, expect, test } from 'vitest';
import { podSchema, type OpenApiDocument } from '../../scripts/pod-schema-extract.ts';
import { POD_SCHEMA, POD_SCHEMA_VERSION } from '../../src/core/identity/pod-schema.ts';
import type { Schema } from '../../src/core/identity/schema.ts';
import { clusterKubeConfig, testClient } from '../kube/testbed.ts';

const client = testClient(clusterKubeConfig());
const { gitVersion } = (await client.getPath('/version')) as { gitVersion: string };
const isPinned = gitVersion === `v${POD_SCHEMA_VERSION}`;

afterAll(async () => {
  await client.close();
});

async function schemaOfTheServer(): Promise<Schema> {
  return podSchema((await client.getPath('/openapi/v3/api/v1')) as OpenApiDocument);
}

/** As in `PodSpec.containers: [Container]`. */
function fieldsOf(schema: Schema): string[] {
  return Object.entries(schema).flatMap(([definition, fields]) =>
    Object.entries(fields).map(([field, shape]) => `${definition}.${field}: ${shape}`),
  );
}

const what = isPinned ? 'is exactly the one of' : `of ${POD_SCHEMA_VERSION} has every field that there is in`;

test(`the pod schema ${what} this server, ${gitVersion}`, async () => {
  const ofTheServer = await schemaOfTheServer();
  if (isPinned) {
    expect(ofTheServer).toEqual(POD_SCHEMA);
  } else {
    const known = new Set(fieldsOf(POD_SCHEMA));
    const there = fieldsOf(ofTheServer);
    expect(there.length).toBeGreaterThan(400);
    expect(there.filter((field) => !known.has(field))).toEqual([]);
  }
});
