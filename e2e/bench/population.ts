/** Many grants: real ones, made and ended as all others, so that caches hold what they hold in earnest. */
import { isFinal } from '../../src/api/reasons.ts';
import { activate, grantPlace, revokeGrant, type GrantPlace } from './grants.ts';
import type { Ground } from './measure/ground.ts';
import { closedLoop } from './rounds.ts';

export interface Population {
  readonly active: number;
  readonly finished: number;
  /** Makes grants until so many of the population are active. */
  activate(count: number): Promise<void>;
  /** Ends all that are active; they stay as finished. */
  finish(): Promise<void>;
}

const AT_A_TIME = 32;

export function createPopulation({ api, watch, progress }: Ground): Population {
  const active: GrantPlace[] = [];
  let finished = 0;
  return {
    get active() {
      return active.length;
    },
    get finished() {
      return finished;
    },
    async activate(count) {
      const missing = count - active.length;
      const first = active.length + finished;
      await progress.run([
        {
          doing: `making ${missing} grants`,
          seconds: missing * 0.03,
          work: async () => {
            await closedLoop({
              count: missing,
              atATime: AT_A_TIME,
              work: async (index) => {
                const place = grantPlace('many', first + index);
                const took = await activate(api, watch, place);
                active.push(place);
                return took;
              },
            });
          },
        },
      ]);
    },
    async finish() {
      await progress.run([
        {
          doing: `ending ${active.length} grants`,
          seconds: active.length * 0.03,
          work: async () => {
            const ending = active.splice(0);
            await closedLoop({
              count: ending.length,
              atATime: AT_A_TIME,
              work: async (index) => {
                const place = ending[index];
                if (!place) throw new Error('there are as many as were counted');
                const before = performance.now();
                const [{ at }] = await Promise.all([
                  watch.untilSo(place, ({ status }) => isFinal(status?.phase)),
                  revokeGrant(api, place),
                ]);
                return at - before;
              },
            });
            finished += ending.length;
          },
        },
      ]);
    },
  };
}
