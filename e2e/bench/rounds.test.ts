import { expect, test } from 'vitest';
import { closedLoop, inTurns, rateRatio, type Block } from './rounds.ts';

test('a closed loop does each piece of work once, and never more at a time than it may', async () => {
  let [underWay, most] = [0, 0];
  const done: number[] = [];
  const block = await closedLoop({
    count: 10,
    atATime: 3,
    work: async (index) => {
      most = Math.max(most, ++underWay);
      await Promise.resolve();
      underWay -= 1;
      done.push(index);
      return index * 2;
    },
  });
  expect(most).toBe(3);
  expect(done.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(block.ms.toSorted((a, b) => a - b)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
});

test('a closed loop says how long all of it took, in seconds', async () => {
  let clock = 1000;
  const work = () => Promise.resolve((clock += 250));
  const { seconds } = await closedLoop({ count: 4, atATime: 1, work, now: () => clock });
  expect(seconds).toBe(1);
});

test('a closed loop ends with the first piece of work that fails', async () => {
  const work = (index: number) => (index === 1 ? Promise.reject(new Error('broke')) : Promise.resolve(1));
  await expect(closedLoop({ count: 3, atATime: 1, work })).rejects.toThrow('broke');
});

test('the sides take turns, and the first turn of each is not counted', async () => {
  const turns: string[] = [];
  const side = (name: string) => (): Promise<Block> => {
    turns.push(name);
    return Promise.resolve({ ms: [turns.length], seconds: 0.5 });
  };
  const measured = await inTurns({ rounds: 2, pauseMs: 0, sides: { a: side('a'), b: side('b') } });
  expect(turns).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  expect(measured).toEqual({ a: { ms: [3, 5], rates: [2, 2] }, b: { ms: [4, 6], rates: [2, 2] } });
});

test('rates are compared round by round', () => {
  const floor = { ms: [], rates: [100, 10, 200] };
  const other = { ms: [], rates: [50, 10, 100] };
  expect(rateRatio(other, floor)).toBe(0.5);
});
