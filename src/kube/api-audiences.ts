/** What the API server calls itself, as the audience of tokens. */
import { readFile } from 'node:fs/promises';
import { SERVICE_ACCOUNT } from './cluster-access.ts';

/** Where a pod's own token stands; requested without an audience, so it is for the API server. */
const OWN_TOKEN = `${SERVICE_ACCOUNT}/token`;

/**
 * The audiences in the token that this process was given for the API server: those of --api-audiences, all of them.
 *
 * @throws Error where there is no such token, as outside of a cluster
 */
export async function ownApiAudiences(file: string = OWN_TOKEN): Promise<string[]> {
  let token: string;
  try {
    token = await readFile(file, 'utf8');
  } catch (error) {
    throw new Error(`no token in ${file}: outside of a pod, name the API server's audience`, {
      cause: error,
    });
  }
  return audiencesIn(token.trim());
}

/**
 * The `aud` claim of a JWT (RFC 7519, 4.1.3: a string, or a list of strings). Nothing is verified: the token comes
 * from the kubelet, and nobody is believed because of it.
 *
 * @throws Error where it is no JWT with an audience; the token is not quoted
 */
export function audiencesIn(token: string): string[] {
  const audience = claimsOf(token)['aud'];
  const audiences = (Array.isArray(audience) ? audience : [audience]).filter(
    (one): one is string => typeof one === 'string' && one !== '',
  );
  if (audiences.length === 0) throw new Error('the token of this process names no audience');
  return audiences;
}

function claimsOf(token: string): Record<string, unknown> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    if (typeof claims === 'object' && claims !== null) return { ...claims };
  } catch {
    // The parser's message would quote the token.
  }
  throw new Error('the token of this process is no JWT');
}
