/**
 * What has to be renewed, and in which order, so that the API server never meets a certificate that it does not trust.
 *
 * Which certificate each replica serves nobody tells us, and nothing has to: a CA stays in the bundles until it expires, and no
 * certificate outlives the CA that signed it. So what a replica may still serve is trusted, however far behind it is.
 */
import { formatDuration } from '../core/duration.ts';
import type { CertificateFacts, Validity } from '../kube/certificate-authority.ts';

/** In milliseconds; tests rotate within seconds. */
export interface CertificateLifetimes {
  authority: number;
  leaf: number;
  /** How long a new CA must have been seen in every bundle before it signs: each API server has to hear. */
  overlap: number;
}

const DAY = 86_400_000;

/** A year and a month; 10 s are ten times what an API server needs to notice a changed webhook configuration. */
export const LIFETIMES: CertificateLifetimes = { authority: 365 * DAY, leaf: 30 * DAY, overlap: 10_000 };

/** Renewed when two thirds of its life are over, as cert-manager does by default. */
const RENEW_AT = 2 / 3;

/** Twice what an API server was seen to take. */
const LEAST_OVERLAP_MS = 2000;

/** A third of its life is what is left when a certificate falls due, and half of that is for the wait until a new CA may sign. */
const LEAST_LEAVES_PER_AUTHORITY = 3;
const LEAST_OVERLAPS_PER_LEAF = 6;

/** Why nobody can keep to these lifetimes without a gap, in words; undefined where they go together. */
export function faultOfLifetimes({ authority, leaf, overlap }: CertificateLifetimes): string | undefined {
  const [ofCa, ofLeaf, between] = [authority, leaf, overlap].map(formatDuration);
  if (overlap < LEAST_OVERLAP_MS)
    return `an overlap of ${between} is too short: API servers need up to ${formatDuration(LEAST_OVERLAP_MS)} to hear of a new CA`;
  if (leaf < LEAST_OVERLAPS_PER_LEAF * overlap)
    return `a certificate has to live for ${LEAST_OVERLAPS_PER_LEAF} times the overlap of ${between}, not for ${ofLeaf} only`;
  if (authority < LEAST_LEAVES_PER_AUTHORITY * leaf)
    return `a CA has to live for ${LEAST_LEAVES_PER_AUTHORITY} times the ${ofLeaf} of its certificates, not for ${ofCa} only`;
  return undefined;
}

/** The certificate of a CA, PEM. */
export interface Authority extends Validity {
  certificate: string;
}

/** There is nothing; or something that is no certificate (of a CA, where it is one) with its key. */
export type Absence = 'Missing' | 'Unreadable';

/** The certificate that the webhook is to serve with. */
export interface Leaf extends Pick<CertificateFacts, 'notBefore' | 'notAfter' | 'dnsNames'> {
  /** The certificate of the CA that signed it, of those that the state has: PEM. */
  signedBy: string | undefined;
}

export interface CertificateState {
  /** Milliseconds since the epoch. */
  now: number;
  /** The CA that signs. */
  authority: Authority | Absence;
  /** CAs that sign no more, the newest first. */
  previous: readonly Authority[];
  /** CAs of ours that some bundle has now: where the Secret of the CA is lost, nothing else knows them. */
  believed: readonly Authority[];
  leaf: Leaf | Absence;
  /** The names that the leaf must have. */
  dnsNames: readonly string[];
  /** What each webhook of our configurations trusts, PEM. */
  bundles: readonly string[];
}

/**
 * Why something is made anew: it is there no more, or never was; cannot be read; is not valid yet or any more; is for another name; is
 * signed by nobody who is trusted, or a CA that lives longer than any of ours; has come of age; or its CA has a successor. The last two are as it should be.
 */
export const CERTIFICATE_REASONS = [
  'Missing',
  'Unreadable',
  'NotValid',
  'WrongName',
  'Untrusted',
  'Due',
  'NewAuthority',
] as const;
export type CertificateReason = (typeof CERTIFICATE_REASONS)[number];

/** Whether that is why certificates are renewed in the course of things, and not because something was wrong with one. */
export function isAsPlanned(reason: CertificateReason): boolean {
  return reason === 'Due' || reason === 'NewAuthority';
}

export type CertificateAction =
  /** A new CA takes the current one's place; these are believed besides, until they expire. */
  | { do: 'renewAuthority'; because: CertificateReason; previous: readonly Authority[] }
  | { do: 'issueLeaf'; because: CertificateReason }
  | { do: 'writeBundles'; bundle: string };

export interface CertificatePlan {
  /** One at a time: what comes next depends on what came of it. */
  next: CertificateAction | undefined;
  /** When to look again, in milliseconds since the epoch. */
  againAt: number;
}

/** Since when every bundle has been seen to have a CA, in milliseconds since the epoch. */
export interface Belief {
  certificate: string;
  since: number;
}

/**
 * What is known after a look, from what was known before it. It is kept by the process that looks and goes with it: the next
 * one counts anew, and signs later rather than too soon.
 */
export function beliefAfter(
  before: Belief | undefined,
  { now, authority, bundles }: CertificateState,
): Belief | undefined {
  if (isAbsent(authority)) return undefined;
  const { certificate } = authority;
  if (!bundles.every((bundle) => bundle.includes(certificate))) return undefined;
  // A clock that was put back must not have us wait for it.
  return { certificate, since: before?.certificate === certificate ? Math.min(before.since, now) : now };
}

/** A webhook configuration that comes is heard of by its watch; were that lost, it is found after so long. */
const UNCALLED_MS = 60_000;

/** The one thing to do now. */
export function planCertificates(
  state: CertificateState,
  belief: Belief | undefined,
  lifetimes: CertificateLifetimes,
): CertificatePlan {
  const { now, authority, leaf, bundles } = state;
  // Nobody calls. It is how an uninstall begins: what is made anew while the release is being removed would be left behind.
  if (bundles.length === 0) return { next: undefined, againAt: now + UNCALLED_MS };
  const renewAuthority = (because: CertificateReason): CertificatePlan => ({
    next: { do: 'renewAuthority', because, previous: stillBelieved(state, lifetimes) },
    againAt: now,
  });
  if (isAbsent(authority)) return renewAuthority(authority);
  if (!isValid(authority, now)) return renewAuthority('NotValid');
  if (!mayBeBelieved(authority, now, lifetimes)) return renewAuthority('Untrusted');

  const previous = state.previous.filter((each) => mayBeBelieved(each, now, lifetimes));
  const trusted = [authority, ...previous].map(({ certificate }) => certificate);
  const bundle = trusted.join('');
  // Trust comes before use.
  if (bundles.some((each) => each !== bundle)) return { next: { do: 'writeBundles', bundle }, againAt: now };

  // Where nothing else is trusted, nothing else can be in use, and nobody gains by waiting.
  const signsAt = previous.length === 0 ? now : (belief?.since ?? now) + lifetimes.overlap;
  const issueLeaf = (because: CertificateReason): CertificatePlan =>
    now < signsAt
      ? { next: undefined, againAt: signsAt }
      : { next: { do: 'issueLeaf', because }, againAt: now };

  // What is broken is mended before a CA is renewed that can mend it.
  if (isAbsent(leaf)) return issueLeaf(leaf);
  const fault = faultOf(leaf, state, trusted);
  if (fault) return issueLeaf(fault);
  if (now >= renewalOf(authority)) return renewAuthority('Due');
  if (now >= renewalOf(leaf)) return issueLeaf('Due');
  if (leaf.signedBy !== authority.certificate) return issueLeaf('NewAuthority');
  return {
    next: undefined,
    againAt: Math.min(renewalOf(leaf), renewalOf(authority), ...previous.map(({ notAfter }) => notAfter)),
  };
}

/** When a certificate is to be renewed, in milliseconds since the epoch. */
export function renewalOf({ notBefore, notAfter }: Validity): number {
  return notBefore + (notAfter - notBefore) * RENEW_AT;
}

/** A clock that is a little behind must not find a new certificate not yet valid. */
const BACKDATED_MS = 60_000;

/** From when to when a certificate is good that is made now. Of a lifetime of seconds, a minute would be more than all. */
export function validityFrom(now: number, lifetime: number): Validity {
  return { notBefore: now - Math.min(BACKDATED_MS, lifetime / 10), notAfter: now + lifetime };
}

/**
 * So many CAs are believed besides the current one. By age alone there is never more than one; this is for Secrets that are lost again
 * and again, so that bundles do not grow for ever.
 */
const MOST_PREVIOUS = 8;

/**
 * Whether it is valid, and could be one of ours: whoever gets to write the Secret or a bundle for a moment must not have a CA of their own
 * believed for longer than the product makes any. What had a longer life by a setting that was changed is not believed either.
 */
function mayBeBelieved({ notAfter }: Authority, now: number, { authority }: CertificateLifetimes): boolean {
  return now < notAfter && notAfter <= now + Math.max(authority, LIFETIMES.authority);
}

/** What a new CA is preceded by. */
function stillBelieved(
  { authority, previous, believed, now }: CertificateState,
  lifetimes: CertificateLifetimes,
): Authority[] {
  const known = isAbsent(authority) ? [...previous, ...believed] : [authority, ...previous];
  const distinct = new Map(known.map((each) => [each.certificate, each]));
  return [...distinct.values()].filter((each) => mayBeBelieved(each, now, lifetimes)).slice(0, MOST_PREVIOUS);
}

function faultOf(
  leaf: Leaf,
  { dnsNames, now }: CertificateState,
  trusted: readonly string[],
): CertificateReason | undefined {
  if (!isValid(leaf, now)) return 'NotValid';
  if (!dnsNames.every((name) => leaf.dnsNames.includes(name))) return 'WrongName';
  return leaf.signedBy !== undefined && trusted.includes(leaf.signedBy) ? undefined : 'Untrusted';
}

function isValid({ notBefore, notAfter }: Validity, now: number): boolean {
  return notBefore <= now && now < notAfter;
}

function isAbsent(found: object | Absence): found is Absence {
  return typeof found === 'string';
}
