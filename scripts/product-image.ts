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
 * For small processes: caches of ten thousand grants were 374 MiB after they had been filled, and 200 with these two. V8 collects
 * before the heap has grown to a multiple of what lives in it; and malloc (glibc) does not keep an arena for each thread, of which each stays as
 * large as it ever was.
 */
export const NODE_FLAGS = ['--optimize-for-size'] as const;
export const ENVIRONMENT = { MALLOC_ARENA_MAX: '2' } as const;

/** @returns the name of the image and the absolute path of its archive. */
export async function makeProductImage(): Promise<{ name: string; archive: string }> {
  const files = await bundle();
  const name = `${IMAGE_REPOSITORY}:${await version()}`;
  const archive = fileURLToPath(new URL(IMAGE_ARCHIVE, root));
  const image = await describeNodeImage({
    name,
    files: files.map((from) => ({ path: `/app/${basename(from)}`, from, mode: 0o644 })),
    entrypoint: [...NODE_FLAGS, '/app/taskgrant.js'],
    environment: ENVIRONMENT,
  });
  await writeImage(image, archive);
  return { name, archive };
}
