import type { ImageFile } from './image.ts';
import { run } from './process.ts';

/** The shared libraries that a program of this machine needs, and their loader, to go into an image at the same paths. */
export async function sharedLibraries(program: string): Promise<readonly ImageFile[]> {
  // Of a static program ldd says so, and exits with 1.
  const { stdout } = await run(['ldd', program]);
  return librariesIn(stdout).map((path) => ({ path, from: path, mode: 0o755 }));
}

/** @param output of ldd(1): `libm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x…)`, and the loader by its path alone. */
export function librariesIn(output: string): readonly string[] {
  return output.split('\n').flatMap((line) => /(?:=>|^)\s*(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}
