import { setTimeout as after } from 'node:timers/promises';

/** Between two looks at something that cannot tell us when it changes. */
const LOOK_AGAIN_MS = 25;

/**
 * Looks again and again until it is so.
 *
 * @param what is waited for, in words: "the API server is ready"
 * @throws what `isSo` throws, and Error when it is not so after that many seconds.
 */
export async function until(
  what: string,
  seconds: number,
  isSo: () => Promise<boolean> | boolean,
): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`${what}: not so after ${seconds} s`);
    await after(LOOK_AGAIN_MS);
  }
}
