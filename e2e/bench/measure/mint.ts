/**
 * What the decision on a mint adds to it: tokens of grants' accounts, asked for as the pod's node does, against tokens of an account that
 * is nobody's business, asked for in the same way.
 */
import { activate, grantPlace, readGrant } from '../grants.ts';
import { PLAIN_NAMESPACE } from '../namespaces.ts';
import { asNode } from '../node.ts';
import type { Level } from '../plan.ts';
import { createBoundPod, succeed, tokenFor, type PodPlace } from '../pods.ts';
import { closedLoop, inTurns, type Measured } from '../rounds.ts';
import { PAUSE_MS, type Ground } from './ground.ts';

export interface MintLevel {
  readonly atATime: number;
  readonly without: Measured;
  readonly with: Measured;
}

export type MintResult = readonly MintLevel[];

/** Whom tokens are for; they take them by turns. */
const PODS = 50;

interface Holder {
  readonly account: { namespace: string; name: string };
  readonly pod: PodPlace & { uid: string };
}

export async function measureMint(ground: Ground): Promise<MintResult> {
  const { api, plan, progress } = ground;
  const plain: Holder[] = [];
  const granted: Holder[] = [];
  const levels: MintLevel[] = [];
  await progress.run([
    {
      doing: `mint: making ${PODS} grants with a pod each, and as many pods without`,
      seconds: 5,
      work: async () => {
        for (let index = 0; index < PODS; index++) {
          plain.push(await plainHolder(ground, index));
          granted.push(await grantHolder(ground, index));
        }
      },
    },
    ...plan.mint.map((level) => ({
      doing: `mint, ${level.atATime} at a time: ${level.rounds} rounds of ${level.perRound} tokens of a plain account, and of grants' accounts`,
      seconds: (level.rounds + 1) * (1 + (level.perRound * 4) / 1000),
      work: async () => {
        levels.push(await measureLevel(ground, level, { plain, granted }));
      },
    })),
  ]);
  for (const { pod } of [...plain, ...granted]) await succeed(api, pod);
  return levels;
}

async function plainHolder({ api }: Ground, index: number): Promise<Holder> {
  const place = { namespace: PLAIN_NAMESPACE, name: `mint-${index}` };
  const pod = await createBoundPod(api, place, undefined);
  return { pod, account: { namespace: PLAIN_NAMESPACE, name: 'default' } };
}

async function grantHolder({ api, watch }: Ground, index: number): Promise<Holder> {
  const place = grantPlace('mint', index);
  await activate(api, watch, place);
  const { status } = await readGrant(api, place);
  const pod = await createBoundPod(api, place, place);
  return { pod, account: { namespace: place.namespace, name: status?.serviceAccountName ?? '' } };
}

async function measureLevel(
  { api }: Ground,
  { atATime, rounds, perRound }: Level,
  { plain, granted }: { plain: readonly Holder[]; granted: readonly Holder[] },
): Promise<MintLevel> {
  const node = asNode(api);
  const side = (holders: readonly Holder[]) => () =>
    closedLoop({
      count: perRound,
      atATime,
      work: async (index) => {
        const holder = holders[index % holders.length];
        if (!holder) throw new Error('there are no pods to mint for');
        const before = performance.now();
        await tokenFor(node, holder.account, holder.pod);
        return performance.now() - before;
      },
    });
  const measured = await inTurns({
    rounds,
    pauseMs: PAUSE_MS,
    sides: { without: side(plain), with: side(granted) },
  });
  return { atATime, ...measured };
}
