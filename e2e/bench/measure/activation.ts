/** From the creation of a grant to Active, against the same writes from a bare client. */
import { setTimeout as after } from 'node:timers/promises';
import type { ApiServer } from '../api-server.ts';
import {
  asController,
  asGrantor,
  createSet,
  floorSet,
  grantorsSet,
  removeAllSets,
  type FloorSet,
} from '../floor.ts';
import { activate, grantPlace, removalSeconds, removeAllGrants } from '../grants.ts';
import type { Level } from '../plan.ts';
import { closedLoop, inTurns, type Measured } from '../rounds.ts';
import { PAUSE_MS, type Ground } from './ground.ts';

export interface ActivationLevel {
  readonly atATime: number;
  /** The same writes by an admin, whom nothing judges. */
  readonly floor: Measured;
  /** The same writes by who the product writes them as: what the API server's escalation check costs. */
  readonly judged: Measured;
  readonly grant: Measured;
}

export interface ActivationResult {
  readonly levels: readonly ActivationLevel[];
  /** One at a time, each on the heels of the one before. */
  readonly sustained: Measured;
  /** One at a time, each after a pause in which nothing happened. */
  readonly isolated: Measured;
}

/** A limit on requests a second shows as a difference between the two; nothing else should. */
const PAUSE_BEFORE_ISOLATED_MS = 250;

export async function measureActivation(ground: Ground): Promise<ActivationResult> {
  const { plan, progress } = ground;
  const levels: ActivationLevel[] = [];
  for (const level of plan.activation) {
    const { atATime, rounds, perRound } = level;
    await progress.run([
      {
        doing: `activation, ${atATime} at a time: ${rounds} rounds of ${perRound} sets, as many by the grantor, and as many grants`,
        seconds: (rounds + 1) * (1 + (perRound * 400) / 1000 / Math.min(atATime, 8)),
        work: async () => {
          levels.push(await measureLevel(ground, level));
        },
      },
      removal(ground, rounds * perRound),
    ]);
  }
  let pace: Pick<ActivationResult, 'sustained' | 'isolated'> | undefined;
  const { rounds, sustained, isolated } = plan.pace;
  await progress.run([
    {
      doing: `activation, ${rounds} rounds of ${sustained} on each other's heels and ${isolated} on their own`,
      seconds: (rounds + 1) * ((sustained + isolated) * 0.2 + isolated * 0.25 + 1),
      work: async () => {
        pace = await measurePace(ground);
      },
    },
    removal(ground, rounds * (sustained + isolated)),
  ]);
  if (!pace) throw new Error('the step above has run');
  return { levels, ...pace };
}

function removal({ api, watch }: Ground, count: number) {
  return {
    doing: 'removing what that left',
    seconds: removalSeconds(count),
    work: async () => {
      await removeAllSets(api);
      await removeAllGrants(api, watch);
    },
  };
}

async function measureLevel(
  { api, watch }: Ground,
  { atATime, rounds, perRound }: Level,
): Promise<ActivationLevel> {
  const numbered = counter();
  const sets = (setOf: (index: number) => FloorSet, maker: ApiServer, writer: ApiServer) => () =>
    closedLoop({
      count: perRound,
      atATime,
      work: async () => {
        const before = performance.now();
        await createSet(maker, setOf(numbered()), writer);
        return performance.now() - before;
      },
    });
  const measured = await inTurns({
    rounds,
    pauseMs: PAUSE_MS,
    sides: {
      floor: sets((index) => floorSet(`floor-${atATime}`, index), api, api),
      judged: sets((index) => grantorsSet(`judged-${atATime}`, index), asController(api), asGrantor(api)),
      grant: () =>
        closedLoop({
          count: perRound,
          atATime,
          work: () => activate(api, watch, grantPlace(`task-${atATime}`, numbered())),
        }),
    },
  });
  return { atATime, ...measured };
}

async function measurePace({ api, watch, plan }: Ground) {
  const numbered = counter();
  const one = () => activate(api, watch, grantPlace('paced', numbered()));
  return await inTurns({
    rounds: plan.pace.rounds,
    pauseMs: PAUSE_MS,
    sides: {
      sustained: () => closedLoop({ count: plan.pace.sustained, atATime: 1, work: one }),
      isolated: () =>
        closedLoop({
          count: plan.pace.isolated,
          atATime: 1,
          work: async () => {
            await after(PAUSE_BEFORE_ISOLATED_MS);
            return one();
          },
        }),
    },
  });
}

function counter(): () => number {
  let next = 0;
  return () => next++;
}
