/** How much memory each process of the product has, at rest and at most, while grants come and go. */
import { setTimeout as after } from 'node:timers/promises';
import { readMemory, roles, type ProcessMemory, type ProcessRole } from '../processes.ts';
import type { Ground } from './ground.ts';

export interface MemoryStage {
  readonly active: number;
  readonly finished: number;
  /** Of the largest process of each role, in bytes: at rest, and at most since the stage before. */
  readonly atRest: Partial<Record<ProcessRole, number>>;
  readonly atMost: Partial<Record<ProcessRole, number>>;
}

export interface MemoryResult {
  readonly stages: readonly MemoryStage[];
}

/** Looks at memory all the time. */
export interface MemoryWatch {
  /** Waits until memory is at rest, and says what it is, and what it was at most since it was asked last. */
  stage(counts: { active: number; finished: number }): Promise<MemoryStage>;
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 1000;
/** At rest: no process has grown by more than this share … */
const AT_REST_SHARE = 0.01;
/** … for so long … */
const AT_REST_MS = 10_000;
/** … or it was waited for so long. */
const PATIENCE_MS = 60_000;

export function watchMemory({ api }: Pick<Ground, 'api'>): MemoryWatch {
  let most: Partial<Record<ProcessRole, number>> = {};
  const stopping = new AbortController();

  const look = async (): Promise<Partial<Record<ProcessRole, number>>> => {
    const now = largest(await readMemory(api));
    most = merged(most, now);
    return now;
  };
  const looking = (async () => {
    while (!stopping.signal.aborted) {
      await look();
      await after(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();

  const untilAtRest = async (): Promise<Partial<Record<ProcessRole, number>>> => {
    const began = performance.now();
    let at = await look();
    let since = began;
    while (performance.now() - since < AT_REST_MS && performance.now() - began < PATIENCE_MS) {
      await after(LOOK_EVERY_MS);
      const now = await look();
      if (roles.some((role) => Math.abs((now[role] ?? 0) / (at[role] ?? 1) - 1) > AT_REST_SHARE)) {
        at = now;
        since = performance.now();
      }
    }
    return await look();
  };

  return {
    async stage(counts) {
      const atRest = await untilAtRest();
      const atMost = most;
      most = {};
      return { ...counts, atRest, atMost };
    },
    async stop() {
      stopping.abort();
      await looking;
    },
  };
}

function largest(processes: readonly ProcessMemory[]): Partial<Record<ProcessRole, number>> {
  return processes.reduce<Partial<Record<ProcessRole, number>>>(
    (found, { role, bytes }) => merged(found, { [role]: bytes }),
    {},
  );
}

function merged(
  one: Partial<Record<ProcessRole, number>>,
  other: Partial<Record<ProcessRole, number>>,
): Partial<Record<ProcessRole, number>> {
  const both = roles.map((role) => [role, Math.max(one[role] ?? 0, other[role] ?? 0)] as const);
  return Object.fromEntries(both.filter(([, bytes]) => bytes > 0));
}
