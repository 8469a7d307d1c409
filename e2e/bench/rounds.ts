/**
 * Measuring two things against each other: A B A B, so that whatever else the machine does meets both alike, and each block
 * after a pause, so that what one left to be done in the background is not paid for by the other.
 */
import { setTimeout as after } from 'node:timers/promises';
import { median } from './statistics.ts';

/** One stretch of the same work. */
export interface Block {
  /** How long each piece of work took, in milliseconds, in the order in which they ended. */
  readonly ms: readonly number[];
  /** How long all of it took, in seconds. */
  readonly seconds: number;
}

/** All blocks of one side. */
export interface Measured {
  /** Milliseconds, one for each piece of work. */
  readonly ms: readonly number[];
  /** Pieces of work a second, one for each block. */
  readonly rates: readonly number[];
}

export interface LoopOptions {
  /** Pieces of work in all. */
  readonly count: number;
  /** How many are under way at once: the next begins when one has ended. */
  readonly atATime: number;
  /** Does one piece of work, and says how long it took, in milliseconds. @param index counts from 0 */
  readonly work: (index: number) => Promise<number>;
  /** Milliseconds, from any origin. */
  readonly now?: () => number;
}

/** A closed loop: as many workers as may be at once, each beginning its next piece of work when it has done one. */
export async function closedLoop({
  count,
  atATime,
  work,
  now = () => performance.now(),
}: LoopOptions): Promise<Block> {
  const ms: number[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) ms.push(await work(next++));
  };
  const began = now();
  await Promise.all(Array.from({ length: Math.min(atATime, count) }, worker));
  return { ms, seconds: (now() - began) / 1000 };
}

export interface RoundsOptions<Side extends string> {
  readonly rounds: number;
  /** Before each block. */
  readonly pauseMs: number;
  /** In the order in which they take turns. */
  readonly sides: Readonly<Record<Side, () => Promise<Block>>>;
}

/** One unmeasured block of each side to warm up, then the rounds. */
export async function inTurns<Side extends string>({
  rounds,
  pauseMs,
  sides,
}: RoundsOptions<Side>): Promise<Record<Side, Measured>> {
  const entries = Object.entries(sides) as [Side, () => Promise<Block>][];
  const blocks = new Map<Side, Block[]>(entries.map(([side]) => [side, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [side, run] of entries) {
      await after(pauseMs);
      const block = await run();
      if (round > 0) blocks.get(side)?.push(block);
    }
  }
  const measured = entries.map(([side]) => [side, together(blocks.get(side) ?? [])]);
  return Object.fromEntries(measured) as Record<Side, Measured>;
}

function together(blocks: readonly Block[]): Measured {
  return {
    ms: blocks.flatMap(({ ms }) => ms),
    rates: blocks.map(({ ms, seconds }) => ms.length / seconds),
  };
}

/** One side's rate to the other's, round by round, and of those the median: a disturbed round does not count. */
export function rateRatio(one: Measured, other: Measured): number {
  return median(one.rates.map((rate, round) => rate / (other.rates[round] ?? NaN)));
}
