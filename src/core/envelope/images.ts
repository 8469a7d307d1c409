import { listed } from '../decision/violation.ts';
import { matchesImage, parseImagePattern, type ImagePattern } from './image-pattern.ts';
import { parseImage } from './image-reference.ts';
import type { GrantFacts, RequestRule } from './rule.ts';

/** Every image matches a pattern of the grant, both in canonical form. */
export const imageIsGranted: RequestRule<'Image'> = function* ({ value, path }, facts) {
  const image = parseImage(value);
  const { patterns, allowed } = grantedImages(facts);
  if (image && patterns.some((pattern) => matchesImage(image, pattern))) return;
  yield {
    code: 'ImageNotGranted',
    path,
    asked: image ? value : value === '' ? 'no image' : `${value}, which is no image reference`,
    allowed,
    fix: fixFor(image?.digest !== undefined && patterns.every(({ digest }) => digest === undefined)),
  };
};

/** Only containers of one image see each other's processes: what of the envelope one was not given is not read from the other. */
export const processesOfOneImage: RequestRule<'SharedProcesses'> = function* ({ value, path }) {
  const images = [...new Set(value.map(canonicalImage))];
  if (images.length <= 1) return;
  yield {
    code: 'ProcessesShared',
    path,
    asked: `true, for ${listed(images)}`,
    allowed: 'it for containers of one image',
    fix: 'drop the field, or use one image',
  };
};

/** Of a tag and a digest the digest is what counts. One that is no reference stands for itself. */
function canonicalImage(text: string): string {
  const image = parseImage(text);
  return image ? `${image.name} ${image.digest ?? image.tag ?? ''}` : text;
}

interface GrantedImages {
  patterns: readonly ImagePattern[];
  /** All of them as one text, for refusals. */
  allowed: string;
}

/**
 * A grant in the cache is judged by again and again, and its list is one object that nobody changes: patterns are parsed once
 * for each grant, and not once for each of a pod's images, which may be thousands.
 */
const granted = new WeakMap<readonly string[], GrantedImages>();

function grantedImages({ grant }: GrantFacts): GrantedImages {
  const { images } = grant.spec.workload;
  const known = granted.get(images);
  if (known) return known;
  const parsed = { patterns: images.map(parseImagePattern), allowed: listed(images) };
  granted.set(images, parsed);
  return parsed;
}

function fixFor(noneTakesDigests: boolean): string {
  return noneTakesDigests
    ? 'use an image that spec.workload.images matches, or name it in a new grant: only a pattern with @ matches a digest, as in repository@sha256:*'
    : 'use an image that spec.workload.images matches, or name it in a new grant';
}
