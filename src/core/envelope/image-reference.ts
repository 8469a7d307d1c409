/**
 * Image references in canonical form, as the container runtimes read them (github.com/distribution/reference,
 * normalize.go and regexp.go): `nginx` is `docker.io/library/nginx:latest`.
 */

export interface ImageReference {
  /** Registry and repository: `docker.io/library/nginx`. */
  name: string;
  /** Undefined only where there is a digest. */
  tag: string | undefined;
  /** `sha256:…`. Where there is one, runtimes ignore the tag. */
  digest: string | undefined;
}

/** What a reference, or a pattern of one, is made of. */
interface ImageParts {
  name: string;
  tag: string | undefined;
  digest: string | undefined;
}

/** distribution/reference: NameTotalLengthMax. */
const MAX_NAME_LENGTH = 255;

/** The name, the tag's 128, and a digest of at most SHA-512. */
const MAX_LENGTH = MAX_NAME_LENGTH + 1 + 128 + 1 + 140;

const DOMAIN_PART = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = new RegExp(`^(?:${DOMAIN_PART}(?:\\.${DOMAIN_PART})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const PATH_SEGMENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
/** Runtimes refuse it as a name, because it looks like an image's id. */
const IDENTIFIER = /^[a-f0-9]{64}$/;

/** Nor is this a repository with a tag: containerd looks for an image of that id on the node, whole or shortened. */
const LOCAL_ID = /^sha(?:256|384|512):/;

/** A reference in canonical form; undefined where runtimes would not accept it. */
export function parseImage(text: string): ImageReference | undefined {
  if (text.length > MAX_LENGTH || IDENTIFIER.test(text)) return undefined;
  const { name, tag, digest } = partsOf(text);
  const canonical = canonicalName(name);
  const [domain = '', ...path] = canonical.split('/');
  const isValid =
    !LOCAL_ID.test(text) &&
    canonical.length <= MAX_NAME_LENGTH &&
    DOMAIN.test(domain) &&
    path.every((segment) => PATH_SEGMENT.test(segment)) &&
    (tag === undefined || TAG.test(tag)) &&
    (digest === undefined || DIGEST.test(digest));
  if (!isValid) return undefined;
  return { name: canonical, tag: tag ?? (digest === undefined ? DEFAULT_TAG : undefined), digest };
}

/** What no tag and no digest means. */
export const DEFAULT_TAG = 'latest';

/** Cut at the first `@`, and at the last colon behind the last slash: what is before that is a registry's port. */
export function partsOf(text: string): ImageParts {
  const at = text.indexOf('@');
  const tagged = at < 0 ? text : text.slice(0, at);
  const colon = tagged.lastIndexOf(':');
  const hasTag = colon > tagged.lastIndexOf('/');
  return {
    name: hasTag ? tagged.slice(0, colon) : tagged,
    tag: hasTag ? tagged.slice(colon + 1) : undefined,
    digest: at < 0 ? undefined : text.slice(at + 1),
  };
}

const DEFAULT_DOMAIN = 'docker.io';
const LEGACY_DEFAULT_DOMAIN = 'index.docker.io';
const OFFICIAL_REPOSITORIES = 'library/';

/**
 * Registry and repository spelled out. What is before the first slash is a registry only where it looks like one:
 * with a dot or a colon, in upper case, or `localhost`.
 */
export function canonicalName(name: string): string {
  const slash = name.indexOf('/');
  if (slash < 0) return `${DEFAULT_DOMAIN}/${official(name)}`;
  const first = name.slice(0, slash);
  const rest = name.slice(slash + 1);
  if (first === DEFAULT_DOMAIN || first === LEGACY_DEFAULT_DOMAIN)
    return `${DEFAULT_DOMAIN}/${official(rest)}`;
  const isDomain = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase();
  return isDomain ? name : `${DEFAULT_DOMAIN}/${name}`;
}

/** `**` is no single segment: it crosses them already. */
function official(repository: string): string {
  return repository.includes('/') || repository.includes('**')
    ? repository
    : OFFICIAL_REPOSITORIES + repository;
}
