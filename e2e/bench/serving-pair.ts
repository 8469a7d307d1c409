/** A certificate for a server on this machine, with a CA of its own: good for as long as a benchmark runs. */
import { createAuthority, createLeaf, type KeyPair } from '../../src/kube/certificate-authority.ts';

const DAY_MS = 86_400_000;
/** The API server's clock is this machine's, but a certificate's times are whole seconds. */
const BEFORE_MS = 60_000;

export interface ServingPair {
  /** Whom a client has to trust: PEM. */
  readonly authority: string;
  /** For the name `localhost`, and those that were asked for. */
  readonly pair: KeyPair;
}

export async function createServingPair(...names: readonly string[]): Promise<ServingPair> {
  const now = Date.now();
  const validity = { notBefore: now - BEFORE_MS, notAfter: now + DAY_MS };
  const authority = await createAuthority('taskgrant-bench', validity);
  return {
    authority: authority.certificate,
    pair: await createLeaf(authority, ['localhost', ...names], validity),
  };
}
