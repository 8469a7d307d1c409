/** Which images a grant allows: patterns, compared part by part so that no part can stand in for another. */
import type { Violation } from '../decision/violation.ts';
import { matchesGlob, parseGlob, type Glob } from './glob.ts';
import { canonicalName, DEFAULT_TAG, parseImage, partsOf, type ImageReference } from './image-reference.ts';

/** A pattern in canonical form. A part that is undefined is not asked for. */
export interface ImagePattern {
  name: Glob;
  tag: Glob | undefined;
  digest: Glob | undefined;
}

/**
 * The most wildcards of a pattern, where a run of stars is one. Registries' paths have few segments, and ** stands for
 * any number of them: host, tag and digest with one wildcard each leave five for the path. More of them nobody can
 * check by reading. The time that matching takes does not hang on this number: grants that were created without the
 * webhook may have any, see matchesGlob.
 */
export const MAX_WILDCARDS = 8;

/** The pattern in canonical form. It is spelled out as a reference is: `agent` means `docker.io/library/agent:latest`. */
export function parseImagePattern(pattern: string): ImagePattern {
  const { name, tag, digest } = partsOf(pattern);
  const wanted = tag ?? (digest === undefined ? DEFAULT_TAG : undefined);
  return {
    name: parseGlob(canonicalName(name)),
    tag: wanted === undefined ? undefined : parseGlob(wanted),
    digest: digest === undefined ? undefined : parseGlob(digest),
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

/** Patterns that no image can match, such as one in upper case, and those with too many wildcards. */
export function imagePatternsOf(images: readonly string[]): Violation[] {
  return images.flatMap((pattern, index) => {
    const path = `spec.workload.images[${index}]`;
    const wildcards = pattern.match(/\*+/g)?.length ?? 0;
    if (wildcards > MAX_WILDCARDS) return [tooManyWildcards(path, wildcards)];
    return canMatch(pattern) ? [] : [matchesNothing(path, pattern)];
  });
}

function tooManyWildcards(path: string, wildcards: number): Violation {
  return {
    code: 'ImagePatternInvalid',
    path,
    asked: `${wildcards} wildcards`,
    allowed: `${MAX_WILDCARDS} wildcards in a pattern, where a run of * is one`,
    fix: 'write one ** for several segments, or several patterns',
  };
}

/** Its author means something else. */
function matchesNothing(path: string, pattern: string): Violation {
  return {
    code: 'ImagePatternInvalid',
    path,
    asked: pattern,
    allowed: 'image references with * and **',
    fix: 'write it as registry/repository:tag or registry/repository@sha256:*',
  };
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
