/** What has to be renewed, and in which order, so that the API server never meets a certificate that it does not trust. */
import type { CertificateFacts, KeyPair, Validity } from '../kube/certificate-authority.ts';

/** Lifetimes in milliseconds; tests rotate within seconds. */
export interface CertificateLifetimes {
  authority: number;
  leaf: number;
  /** How long a new CA must have been in every bundle before a leaf is signed with it: each API server has to hear. */
  overlap: number;
}

const DAY = 86_400_000;

/** A year and a month; 10 s are ten times what an API server needs to notice a changed webhook configuration. */
export const LIFETIMES: CertificateLifetimes = { authority: 365 * DAY, leaf: 30 * DAY, overlap: 10_000 };

/** Renewed when two thirds of its life are over, as cert-manager does by default. */
const RENEW_AT = 2 / 3;

export interface CertificateState {
  /** Milliseconds since the epoch. */
  now: number;
  authority: (KeyPair & { facts: CertificateFacts }) | undefined;
  /** The CA before the current one: trusted until it expires, and never signing again. */
  previous: { certificate: string; notAfter: number } | undefined;
  leaf: (CertificateFacts & { signedByCurrent: boolean; signedByTrusted: boolean }) | undefined;
  /** The names that the leaf must have. */
  dnsNames: readonly string[];
  /** What each webhook of our configurations trusts, PEM. */
  bundles: readonly string[];
}

export type CertificateAction =
  /** A new CA takes the current one's place, which becomes the previous one. */
  { do: 'renewAuthority' } | { do: 'issueLeaf' } | { do: 'writeBundles'; bundle: string };

export interface CertificatePlan {
  /** One at a time: what comes next depends on what came of it. */
  next: CertificateAction | undefined;
  /** When to look again, in milliseconds since the epoch. */
  againAt: number;
}

/** The one thing to do now. */
export function planCertificates(state: CertificateState, lifetimes: CertificateLifetimes): CertificatePlan {
  const { now, authority, leaf, bundles } = state;
  if (!authority || now >= renewalOf(authority.facts))
    return { next: { do: 'renewAuthority' }, againAt: now };

  const bundle = bundleOf(state, authority.certificate);
  // Trust comes before use. Where there is nothing to use yet, both come at once.
  if (bundles.some((trusted) => trusted !== bundle))
    return { next: { do: 'writeBundles', bundle }, againAt: now };

  const settledAt = createdAt(authority.facts, lifetimes.authority) + lifetimes.overlap;
  const usable = leaf?.signedByTrusted === true && now < leaf.notAfter && namesAgree(leaf, state.dnsNames);
  const due = !usable || now >= renewalOf(leaf) || !leaf.signedByCurrent;
  if (!due)
    return {
      next: undefined,
      againAt: earliest(renewalOf(leaf), renewalOf(authority.facts), state.previous?.notAfter),
    };
  return usable && now < settledAt
    ? { next: undefined, againAt: settledAt }
    : { next: { do: 'issueLeaf' }, againAt: now };
}

/** When a certificate is to be renewed, in milliseconds since the epoch. */
export function renewalOf({ notBefore, notAfter }: Validity): number {
  return notBefore + (notAfter - notBefore) * RENEW_AT;
}

/** A clock that is a little behind must not find a new certificate not yet valid. */
const BACKDATED_MS = 60_000;

/** From when to when a certificate is good that is made now. */
export function validityFrom(now: number, lifetime: number): Validity {
  return { notBefore: now - backdating(lifetime), notAfter: now + lifetime };
}

function createdAt({ notBefore }: Validity, lifetime: number): number {
  return notBefore + backdating(lifetime);
}

/** Of a lifetime of seconds, a minute would be more than all. */
function backdating(lifetime: number): number {
  return Math.min(BACKDATED_MS, lifetime / 10);
}

function bundleOf({ previous, now }: CertificateState, current: string): string {
  return previous && now < previous.notAfter ? current + previous.certificate : current;
}

function namesAgree({ dnsNames }: CertificateFacts, wanted: readonly string[]): boolean {
  return wanted.every((name) => dnsNames.includes(name));
}

function earliest(...times: (number | undefined)[]): number {
  return Math.min(...times.filter((time) => time !== undefined));
}
