/**
 * From the completion of a task to the first request that is refused: by RBAC (403), and as nobody's at all (401). Against the same
 * deletions from a bare client. The pod is one that no node runs, and its status is written by the load, as a kubelet would.
 */
import { setTimeout as after } from 'node:timers/promises';
import type { ApiServer } from '../api-server.ts';
import { createSet, floorSet, removeSet } from '../floor.ts';
import { createGrant, grantPlace, isActive } from '../grants.ts';
import { INPUT } from '../namespaces.ts';
import { asNode } from '../node.ts';
import { createBoundPod, succeed, tokenFor } from '../pods.ts';
import { inTurns, closedLoop, type Measured } from '../rounds.ts';
import type { Ground } from './ground.ts';

export interface RevocationResult {
  /** Until the first 403, one after the other. */
  readonly rights: { readonly floor: Measured; readonly grant: Measured };
  /** Until the first 401, each token used for the first time just before: then the API server remembers it longest. Milliseconds. */
  readonly identity: { readonly floor: readonly number[]; readonly grant: readonly number[] };
}

/** Somebody with a token, and what ends it. */
interface Holder {
  readonly namespace: string;
  readonly token: string;
  readonly end: () => Promise<unknown>;
}

/** So many blocks of each side. */
const ROUNDS = 10;
const PAUSE_BETWEEN_MS = 100;
/** Of each token, while it is waited for the 401; the API server is left in peace otherwise. */
const ASK_AGAIN_MS = 50;
/** The API server remembers a token for ten seconds (k8s.io/apiserver, token cache): what takes thrice as long never ends. */
const IDENTITY_PATIENCE_MS = 30_000;

export async function measureRevocation(ground: Ground): Promise<RevocationResult> {
  const { plan, progress } = ground;
  const { rights: samples, identities } = plan.revocation;
  let rights: RevocationResult['rights'] | undefined;
  let identity: RevocationResult['identity'] | undefined;
  await progress.run([
    {
      doing: `revocation: ${samples} tasks that complete, one after the other, until a request is refused`,
      seconds: samples * 0.5,
      work: async () => {
        rights = await measureRights(ground, samples);
      },
    },
    {
      doing: `revocation: ${identities} tasks that complete at once, until their tokens are nobody's`,
      seconds: 10 + identities * 0.2,
      work: async () => {
        identity = await measureIdentity(ground, identities);
      },
    },
  ]);
  if (!rights || !identity) throw new Error('the steps above have run');
  return { rights, identity };
}

async function measureRights(ground: Ground, samples: number): Promise<RevocationResult['rights']> {
  let next = 0;
  const block = (holderOf: (index: number) => Promise<Holder>) => () =>
    closedLoop({
      count: Math.ceil(samples / ROUNDS),
      atATime: 1,
      work: async () => {
        const holder = await holderOf(next++);
        // Whoever has just been set up has left work behind: Events, and caches that hear of it.
        await after(PAUSE_BETWEEN_MS);
        return await untilRefused(ground.api, holder);
      },
    });
  return await inTurns({
    rounds: ROUNDS,
    pauseMs: PAUSE_BETWEEN_MS,
    sides: {
      floor: block((index) => floorHolder(ground, `ended-${index}`, index)),
      grant: block((index) => grantHolder(ground, `ended-${index}`, index)),
    },
  });
}

/** An account with rights and a token of its own, made and ended with nothing around it. */
async function floorHolder({ api }: Ground, prefix: string, index: number): Promise<Holder> {
  const set = floorSet(prefix, index);
  await createSet(api, set);
  const token = await tokenFor(api, { namespace: set.namespace, name: set.account });
  return { namespace: set.namespace, token, end: () => removeSet(api, set) };
}

/** A task whose pod has the token that its grant allows, and whose pod the controller has seen. */
async function grantHolder({ api, watch }: Ground, prefix: string, index: number): Promise<Holder> {
  const place = grantPlace(prefix, index);
  const [{ grant }] = await Promise.all([watch.untilSo(place, isActive), createGrant(api, place)]);
  const recorded = watch.untilSo(place, ({ status }) => (status?.pods ?? []).length > 0);
  const [pod] = await Promise.all([createBoundPod(api, place, place), recorded]);
  const name = grant.status?.serviceAccountName ?? '';
  const token = await tokenFor(asNode(api), { namespace: place.namespace, name }, pod);
  return { namespace: place.namespace, token, end: () => succeed(api, pod) };
}

/** Asks for one thing that the task may have, again and again, and ends the task meanwhile. */
async function untilRefused(api: ApiServer, { namespace, token, end }: Holder): Promise<number> {
  const holder = api.withToken(token);
  await untilAllowed(holder, namespace);
  const before = performance.now();
  const ending = end();
  while ((await ask(holder, namespace)) === 200);
  const refusedAt = performance.now();
  await ending;
  return refusedAt - before;
}

async function measureIdentity(ground: Ground, count: number): Promise<RevocationResult['identity']> {
  const side = async (prefix: string, holderOf: typeof floorHolder): Promise<number[]> => {
    const holders: Holder[] = [];
    for (let index = 0; index < count; index++)
      holders.push(await holderOf(ground, `${prefix}-${index}`, index));
    return await Promise.all(holders.map((holder) => untilNobody(ground.api, holder)));
  };
  return { floor: await side('floor-nobody', floorHolder), grant: await side('nobody', grantHolder) };
}

async function untilNobody(api: ApiServer, { namespace, token, end }: Holder): Promise<number> {
  const holder = api.withToken(token);
  await untilAllowed(holder, namespace);
  const before = performance.now();
  await end();
  for (;;) {
    const status = await ask(holder, namespace);
    const waited = performance.now() - before;
    if (status === 401) return waited;
    if (waited > IDENTITY_PATIENCE_MS)
      throw new Error(`a token of ${namespace} was accepted for ${waited} ms`);
    await after(ASK_AGAIN_MS);
  }
}

async function untilAllowed(holder: ApiServer, namespace: string): Promise<void> {
  // The authorizer hears of a new binding by a watch, a moment after it was written.
  const deadline = performance.now() + 5_000;
  for (;;) {
    const status = await ask(holder, namespace);
    if (status === 200) return;
    if (performance.now() > deadline)
      throw new Error(`a task in ${namespace} never had its rights: ${status}`);
  }
}

async function ask(holder: ApiServer, namespace: string): Promise<number> {
  return (await holder.send('GET', `/api/v1/namespaces/${namespace}/configmaps/${INPUT}`)).status;
}
