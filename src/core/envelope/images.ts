import { listed } from '../decision/violation.ts';
import { parseImage } from './image-reference.ts';
import { matchesImage, parseImagePattern } from './image-pattern.ts';
import type { RequestRule } from './rule.ts';

/** Every image matches a pattern of the grant, both in canonical form. */
export const imageIsGranted: RequestRule<'Image'> = function* ({ value, path }, { grant }) {
  const { images } = grant.spec.workload;
  const image = parseImage(value);
  if (image && images.some((pattern) => matchesImage(image, parseImagePattern(pattern)))) return;
  yield {
    code: 'ImageNotGranted',
    path,
    asked: image ? value : `${value}, which is no image reference`,
    allowed: listed(images),
    fix: fixFor(image?.digest !== undefined),
  };
};

function fixFor(hasDigest: boolean): string {
  return hasDigest
    ? 'use an image that spec.workload.images matches, or name it in a new grant: only a pattern with @ matches a digest, as in repository@sha256:*'
    : 'use an image that spec.workload.images matches, or name it in a new grant';
}
