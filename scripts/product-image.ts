/** The product's container image as an archive, made without a builder. The Dockerfile makes the same for people with one. */
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeImage } from '../e2e/cluster/image.ts';
import { describeNodeImage } from '../e2e/cluster/node-image.ts';
import { bundle, version } from './bundle.ts';

const root = new URL('..', import.meta.url);

export const IMAGE_REPOSITORY = 'localhost/taskgrant';
/** From the root of the repository. */
export const IMAGE_ARCHIVE = 'dist/taskgrant-image.tar';

/**
 * Malloc (glibc) has an arena for each of a dozen threads, and none ever shrinks below what its busiest moment left in use: a standby
 * with ten thousand grants has 25 MiB less with two.
 */
export const ENVIRONMENT = { MALLOC_ARENA_MAX: '2' } as const;

/** @returns the name of the image and the absolute path of its archive. */
export async function makeProductImage(): Promise<{ name: string; archive: string }> {
  const files = await bundle();
  const name = `${IMAGE_REPOSITORY}:${await version()}`;
  const archive = fileURLToPath(new URL(IMAGE_ARCHIVE, root));
  const image = await describeNodeImage({
    name,
    files: files.map((from) => ({ path: `/app/${basename(from)}`, from, mode: 0o644 })),
    entrypoint: ['/app/taskgrant.js'],
    environment: ENVIRONMENT,
  });
  await writeImage(image, archive);
  return { name, archive };
}
