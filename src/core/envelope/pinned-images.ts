/** Images by digest, where the class wants that. */
import type { TaskGrant } from '../../api/taskgrant.ts';
import type { TaskGrantClass } from '../../api/taskgrantclass.ts';
import type { Violation } from '../decision/violation.ts';
import { parseImagePattern } from './image-pattern.ts';

/** A pattern with a digest part wants a digest (matchesImage), so that no pod of the grant can run an image without. */
export function imagesArePinned(
  { spec }: Pick<TaskGrant, 'spec'>,
  itsClass: Pick<TaskGrantClass, 'metadata' | 'spec'>,
): Violation[] {
  if (!itsClass.spec.requireImageDigest) return [];
  return spec.workload.images.flatMap((pattern, index) =>
    parseImagePattern(pattern).digest
      ? []
      : [
          {
            code: 'ImageNotPinned',
            path: `spec.workload.images[${index}]`,
            asked: pattern,
            allowed: 'patterns with a digest part',
            fix: `pin it, as in ${repositoryOf(pattern)}@sha256:…, or write @sha256:* for any digest of the repository`,
          },
        ],
  );
}

/** Without the tag, which a digest makes needless. */
function repositoryOf(pattern: string): string {
  return pattern.replace(/:[^/:]*$/, '');
}
