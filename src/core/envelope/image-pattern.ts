/** Which images a grant allows: patterns, compared part by part so that no part can stand in for another. */
import type { Violation } from '../decision/violation.ts';
import { matchesGlob } from './glob.ts';
import {
  canonicalName,
  DEFAULT_TAG,
  parseImage,
  partsOf,
  type ImageParts,
  type ImageReference,
} from './image-reference.ts';

/** A pattern in canonical form: each part is a glob, and one that is undefined is not asked for. */
export type ImagePattern = ImageParts;

/** The pattern in canonical form. It is spelled out as a reference is: `agent` means `docker.io/library/agent:latest`. */
export function parseImagePattern(pattern: string): ImagePattern {
  const { name, tag, digest } = partsOf(pattern);
  return {
    name: canonicalName(name),
    tag: tag ?? (digest === undefined ? DEFAULT_TAG : undefined),
    digest,
  };
}

/**
 * Whether the image is one of the pattern's. A pattern with a digest part wants a digest. One without wants none:
 * runtimes ignore the tag of `agent:v1@sha256:…`, so it would be any image of the repository under the name of v1.
 */
export function matchesImage(image: ImageReference, pattern: ImagePattern): boolean {
  return (
    matchesGlob(pattern.name, image.name) &&
    (pattern.tag === undefined || (image.tag !== undefined && matchesGlob(pattern.tag, image.tag))) &&
    (pattern.digest === undefined
      ? image.digest === undefined
      : image.digest !== undefined && matchesGlob(pattern.digest, image.digest))
  );
}

/** Patterns that no image can match, such as one in upper case: their author means something else. */
export function imagePatternsOf(images: readonly string[]): Violation[] {
  return images.flatMap((pattern, index) =>
    canMatch(pattern)
      ? []
      : [
          {
            code: 'ImagePatternInvalid',
            path: `spec.workload.images[${index}]`,
            asked: pattern,
            allowed: 'image references with * and **',
            fix: 'write it as registry/repository:tag or registry/repository@sha256:*',
          },
        ],
  );
}

/** Whether it becomes a reference once its wildcards are filled in with something that is valid everywhere. */
function canMatch(pattern: string): boolean {
  const { name, tag, digest } = partsOf(pattern);
  const filled = [
    name.replace(/\*+/g, '1'),
    tag !== undefined && `:${tag.replace(/\*+/g, '1')}`,
    // A digest is a number of hex digits that depends on the algorithm; 64 of them pass for every one.
    digest !== undefined && `@${digest.replace(/^\*+$/, 'sha256:*').replace(/\*+/g, '0'.repeat(64))}`,
  ];
  return parseImage(filled.filter((part) => part !== false).join('')) !== undefined;
}
