import { listed, type Violation } from '../decision/violation.ts';
import { matchesImage, parseImagePattern, type ImagePattern } from './image-pattern.ts';
import { parseImage } from './image-reference.ts';
import type { GrantFacts, RequestRule } from './rule.ts';

/** Every image matches a pattern of the grant, both in canonical form. */
export const imageIsGranted: RequestRule<'Image'> = function* ({ value, path }, facts) {
  const refusal = judgeOf(facts)(value);
  if (refusal) yield { ...refusal, path };
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

type Refusal = Omit<Violation, 'path'>;
type ImageJudge = (value: string) => Refusal | undefined;

/**
 * One judge for each review, whose facts are one object that nobody changes: a pod may have thousands of images and its
 * grant 64 patterns, so a pattern is parsed once, a value judged once, and what is allowed is one text.
 */
const judges = new WeakMap<GrantFacts, ImageJudge>();

function judgeOf(facts: GrantFacts): ImageJudge {
  const judge = judges.get(facts) ?? judgeFor(facts.grant.spec.workload.images);
  judges.set(facts, judge);
  return judge;
}

/** A grant in the cache is judged by again and again, and its list is one object that nobody changes. */
const parsed = new WeakMap<readonly string[], readonly ImagePattern[]>();

function patternsOf(images: readonly string[]): readonly ImagePattern[] {
  const patterns = parsed.get(images) ?? images.map(parseImagePattern);
  parsed.set(images, patterns);
  return patterns;
}

function judgeFor(images: readonly string[]): ImageJudge {
  const patterns = patternsOf(images);
  const allowed = listed(images);
  const judged = new Map<string, Refusal | undefined>();
  return (value) => {
    if (judged.has(value)) return judged.get(value);
    const image = parseImage(value);
    const isGranted = image !== undefined && patterns.some((pattern) => matchesImage(image, pattern));
    const refusal: Refusal | undefined = isGranted
      ? undefined
      : {
          code: 'ImageNotGranted',
          asked: image ? value : `${value}, which is no image reference`,
          allowed,
          fix: fixFor(image?.digest !== undefined),
        };
    judged.set(value, refusal);
    return refusal;
  };
}

function fixFor(hasDigest: boolean): string {
  return hasDigest
    ? 'use an image that spec.workload.images matches, or name it in a new grant: only a pattern with @ matches a digest, as in repository@sha256:*'
    : 'use an image that spec.workload.images matches, or name it in a new grant';
}
