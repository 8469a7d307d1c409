/** A namespace in which every escape can be tried, with what they need: one where nothing judges pods, one where something does. */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Pod, Stored } from '../../src/api/kubernetes.ts';
import type { Client } from '../../src/kube/client.ts';
import { listAll } from '../../src/kube/list-all.ts';
import {
  namespaces,
  persistentVolumeClaims,
  pods,
  resource,
  serviceAccounts,
} from '../../src/kube/resources.ts';
import { kubectl, until } from '../grant/testbed.ts';
import type { Api } from './api.ts';
import type { Enforcer } from './enforcer.ts';
import { objectOf, readObjects, type Filling, type ObjectText, type WrittenObject } from './object-text.ts';

export interface World {
  client: Client;
  api: Api;
  namespace: string;
  /** `namespace`, `account` (whom the task’s pods run as), `node`, and `imageID` (the task image’s, on the node). */
  filling: Filling;
  /** A pod, or what makes pods, with what its author has to write for whoever judges here. */
  writtenOut(object: WrittenObject): WrittenObject;
}

/** The pod under the grant `task` that escapes try to get into. */
const VICTIM = 'victim';

/** Where nothing is enforced, the account that stands for a grant’s: beginning as theirs do, with no grant behind it. */
const NOBODYS_ACCOUNT = 'taskgrant-task-off';

const nodes = resource<{ apiVersion: string; kind: 'Node'; metadata: { name: string } }>(
  'v1',
  'Node',
  'nodes',
  'Cluster',
);

/** What outlives the namespace unless it is removed by its name. */
const CLUSTER_SCOPED = [
  'CSIDriver',
  'DeviceClass',
  'Namespace',
  'PersistentVolume',
  'RuntimeClass',
  'StorageClass',
  'TaskGrantClass',
];

/**
 * @param setups what escapes and pods want there first; removed again by {@link closeWorld}
 * @param enforcer left out: nothing judges pods
 */
export async function openWorld(
  { client, api }: Pick<World, 'client' | 'api'>,
  setups: readonly ObjectText[],
  enforcer?: Enforcer,
): Promise<World> {
  const namespace = `escapes-${randomBytes(4).toString('hex')}`;
  const labels = { ...enforcer?.namespaceLabels };
  await client.create(namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels },
  });
  const [node] = (await client.list(nodes, {})).items;
  const place = { namespace, node: node?.metadata.name ?? '' };
  // Made by a controller, and wanted by every pod that names no account.
  await untilThere(client, namespace, 'default');

  await applyAll(place, await here('objects'));
  const account = enforcer
    ? await grantReady(client, enforcer, place)
    : await accountNamed(client, namespace, NOBODYS_ACCOUNT);
  const filling = { ...place, account };
  const writtenOut = (object: WrittenObject) => enforcer?.writtenOut?.(object, account) ?? object;
  await applyAll(filling, [...(await here('pods')), ...setups], writtenOut);
  const [victim] = await Promise.all([untilReady(client, namespace, VICTIM), untilBound(client, namespace)]);
  const imageID = victim.status?.containerStatuses?.[0]?.imageID ?? '';
  return { client, api, namespace, filling: { ...filling, imageID }, writtenOut };
}

/** Begins to remove everything; {@link untilGone} returns when it is done. */
export async function closeWorld(
  { client, namespace, filling }: World,
  setups: readonly ObjectText[],
): Promise<void> {
  await client.remove(namespaces, { name: namespace });
  const remaining = setups
    .map((text) => objectOf(text, filling))
    .filter(({ kind }) => CLUSTER_SCOPED.includes(kind));
  await kubectl(['delete', '--ignore-not-found', '--wait=false', '--filename=-'], asFile(remaining));
}

/** Pods by the dozen end slowly, and whoever comes next should not have to share the node with them. */
export async function untilGone({ client, namespace }: World): Promise<void> {
  await until(client, namespaces, { name: namespace }, 'gone', (found) => found === undefined, 360_000);
}

/**
 * Applies objects to the world's namespace, unless they name another.
 *
 * @throws Error with what kubectl said, where not everything was taken.
 */
export async function applyAll(
  filling: Filling,
  texts: readonly ObjectText[],
  writtenOut: World['writtenOut'] = (object) => object,
): Promise<void> {
  const objects = texts.map((text) => inNamespace(writtenOut(objectOf(text, filling)), filling['namespace']));
  if (objects.length === 0) return;
  const { code, stderr } = await kubectl(['apply', '--server-side', '--filename=-'], asFile(objects));
  if (code !== 0) throw new Error(stderr);
}

function inNamespace({ metadata, ...object }: WrittenObject, namespace: string | undefined): object {
  if (CLUSTER_SCOPED.includes(object.kind)) return { ...object, metadata };
  return { ...object, metadata: { namespace, ...metadata } };
}

function asFile(objects: readonly object[]): string {
  return objects.map((object) => JSON.stringify(object)).join('\n---\n');
}

function here(file: string): Promise<ObjectText[]> {
  return readObjects(fileURLToPath(new URL(`world/${file}.yaml`, import.meta.url)));
}

async function grantReady(client: Client, enforcer: Enforcer, filling: Filling): Promise<string> {
  await applyAll(filling, await here('grant'));
  return enforcer.ready(client, { namespace: filling['namespace'] ?? '', name: 'task' });
}

/** Makes an account that no grant is behind. */
export async function accountNamed(client: Client, namespace: string, name: string): Promise<string> {
  await client.create(serviceAccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { namespace, name },
  });
  return name;
}

async function untilThere(client: Client, namespace: string, account: string): Promise<void> {
  const place = { namespace, name: account };
  await until(client, serviceAccounts, place, 'there', (found) => found !== undefined);
}

/** One that runs may not listen yet. */
async function untilReady(client: Client, namespace: string, name: string): Promise<Stored<Pod>> {
  const isReady = (pod?: Stored<Pod>) =>
    (pod?.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
  const pod = await until(client, pods, { namespace, name }, 'ready', isReady, 360_000);
  if (!pod) throw new Error('a ready pod exists');
  return pod;
}

/** Claims that name their volume get it by a controller, a moment later. */
async function untilBound(client: Client, namespace: string): Promise<void> {
  const claims = await listAll(client, persistentVolumeClaims, { namespace });
  await Promise.all(
    claims
      .filter(({ spec }) => spec?.volumeName)
      .map(({ metadata: { name } }) =>
        until(
          client,
          persistentVolumeClaims,
          { namespace, name },
          'bound',
          (claim) => claim?.status?.phase === 'Bound',
        ),
      ),
  );
}
