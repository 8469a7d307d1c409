/** Violations as people read them: in the answer of kubectl apply, in an Event, in a condition. */
import { VIOLATION_CODES } from './codes.ts';
import { codesOf, listed, MOST_VIOLATIONS, type Violation } from './violation.ts';

/**
 * The longest message of a denial, in bytes of UTF-8. It travels in a Status, and into Events of whatever controller
 * wanted the pod (a Job's FailedCreate, say), which cut at 1 KiB anyway; more than a screen nobody reads.
 */
export const MAX_DENIAL_BYTES = 4096;

/** The longest value that is quoted; the values are the requester's, and may be a megabyte. */
const MAX_VALUE_LENGTH = 256;

/** `CODE path: asked X, the grant allows Y; do Z`, on one line. */
export function renderViolation({ code, path, asked, allowed, fix }: Violation): string {
  const { allows } = VIOLATION_CODES[code];
  return `${code} ${quoted(path)}: asked ${quoted(asked)}, ${allows} ${quoted(allowed)}; ${quoted(fix)}`;
}

/**
 * All violations, ordered by path, one a line under the headline; at most MAX_DENIAL_BYTES, with a count of those
 * that did not fit. Of an Event, kubectl shows the first line only: their codes are in the headline too, and one alone stands on it.
 *
 * @param headline what is refused, without a full stop: `the pod asks for more than its grant allows`
 */
export function renderDenial(headline: string, violations: readonly Violation[]): string {
  const { length, 0: first } = violations;
  if (first && length === 1) {
    const alone = `${quoted(headline)} (1 violation): ${renderViolation(first)}`;
    if (bytes(alone) <= MAX_DENIAL_BYTES) return alone;
  }
  const count = length === 1 ? '1 violation' : `${length} violations`;
  let message = `${quoted(headline)} (${count}: ${listed(codesOf(violations))}):`;
  // Room for the line that says how many were cut.
  const room = MAX_DENIAL_BYTES - bytes(cutLine(length));
  // What does not fit is not rendered either: a pod can have hundreds of thousands, and the order of so many takes seconds.
  for (const [index, violation] of inOrder(violations.slice(0, MOST_VIOLATIONS)).entries()) {
    const next = `${message}\n${renderViolation(violation)}`;
    const isLast = index === length - 1;
    if (bytes(next) > (isLast ? MAX_DENIAL_BYTES : room)) return message + cutLine(length - index);
    message = next;
  }
  return message;
}

/** How many findings are said to somebody who is not refused: the API server cuts what is more than 4 KiB in all. */
const MOST_FINDINGS = 10;

/**
 * What a warning should have at most, in characters (k8s.io/api/admission/v1, AdmissionResponse: beyond 120 the API server may cut
 * it, and kubectl shows one on a line).
 */
const MAX_FINDING_LENGTH = 120;

/**
 * The first violations by path, one for each warning, with as much of it as there is room for; and where not all is said, how many
 * there are besides, and who says it.
 */
export function renderFindings(violations: readonly Violation[]): string[] {
  const shown = inOrder(violations.slice(0, MOST_VIOLATIONS)).slice(0, MOST_FINDINGS);
  const whole = shown.map(renderViolation);
  const short = shown.map(renderFinding);
  const more = violations.length - shown.length;
  if (more > 0)
    return [...short, `… and ${more} more: kubectl taskgrant check -f FILE --server says all of it`];
  const isCut = short.some((text, index) => text !== whole[index]);
  return isCut ? [...short, 'what to do about each: kubectl taskgrant check -f FILE --server says'] : short;
}

/** Without what to do, and then without what is allowed, where that would be too long. */
function renderFinding(violation: Violation): string {
  const { code, path, asked, allowed } = violation;
  const { allows } = VIOLATION_CODES[code];
  const what = `${code} ${quoted(path)}: asked ${quoted(asked)}`;
  const forms = [renderViolation(violation), `${what}, ${allows} ${quoted(allowed)}`, what];
  return forms.find((form) => form.length <= MAX_FINDING_LENGTH) ?? cut(what);
}

function cut(text: string): string {
  return text.length <= MAX_FINDING_LENGTH
    ? text
    : `${text.slice(0, MAX_FINDING_LENGTH - 1)}…`.toWellFormed();
}

/** By path, as a reader of the file meets them (volumes[2] before volumes[10]), then by code. */
export function inOrder(violations: readonly Violation[]): Violation[] {
  return violations
    .map((violation) => ({ violation, parts: partsOf(violation.path) }))
    .sort((a, b) => compareParts(a.parts, b.parts) || compare(a.violation.code, b.violation.code))
    .map(({ violation }) => violation);
}

type PathParts = readonly (string | number)[];

function compareParts(left: PathParts, right: PathParts): number {
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const order = compare(left[index] ?? '', right[index] ?? '');
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** The text between indexes, and the indexes as numbers: `spec.volumes[`, 10, `].name`. */
function partsOf(path: string): PathParts {
  return path.split(/(\d+)/).map((part, index) => (index % 2 === 1 ? Number(part) : part));
}

function compare(a: string | number, b: string | number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function cutLine(count: number): string {
  return `\n… and ${count} more.`;
}

/** Cut to a length, and without anything that would break the line or the terminal. */
export function quoted(text: string): string {
  return onOneLine(text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH)}…` : text);
}

/** However long, and without anything that would break the line or the terminal. */
export function onOneLine(text: string): string {
  return text.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

function bytes(text: string): number {
  return Buffer.byteLength(text);
}
