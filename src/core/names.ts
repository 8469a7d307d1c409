/** The names of what is made for a grant. Derived from the grant alone, so that a restart finds the same ones. */
import { createHash } from 'node:crypto';
import { MAX_GRANT_NAME_LENGTH, SERVICE_ACCOUNT_PREFIX } from '../api/group.ts';

/** Kubernetes' own alphabet for generated suffixes: no vowels, nothing that looks alike (apimachinery, util/rand). */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const SUFFIX = new RegExp(`^[${ALPHABET}]{${SUFFIX_LENGTH}}$`);

interface NamedGrant {
  name: string;
  namespace: string;
  uid: string;
}

/**
 * The name of the grant's service account: `taskgrant-<grant>-<suffix>`, with the suffix made from the grant's UID.
 * A grant that is deleted and created again has another UID and so another name: outside trust policies know a
 * service account by its name only, so a name is never used twice.
 *
 * @throws RangeError where the grant's name is longer than 47 characters.
 */
export function serviceAccountNameFor({ name, uid }: NamedGrant): string {
  if (name.length > MAX_GRANT_NAME_LENGTH) {
    throw new RangeError(
      `the name ${name} has ${name.length} characters; at most ${MAX_GRANT_NAME_LENGTH} fit`,
    );
  }
  const hash = createHash('sha256').update(uid).digest();
  const suffix = Array.from(hash.subarray(0, SUFFIX_LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]).join(
    '',
  );
  return `${SERVICE_ACCOUNT_PREFIX}${name}-${suffix}`;
}

/** The name of the grant's Role and RoleBinding, the same in each of its namespaces. */
export function roleNameFor({ name, namespace }: Pick<NamedGrant, 'name' | 'namespace'>): string {
  return `taskgrant:${namespace}:${name}`;
}

/** An object by its kind, place and name. */
interface NamedObject {
  kind: string;
  namespace: string;
  name: string;
}

/**
 * Whether an object stands where one stands that is made for a grant of this name, whichever UID it has: labels are written
 * by anybody, and must not lead the controller to objects elsewhere, nor have it take them for a grant's of another namespace.
 */
export function isPlacedFor(
  { kind, namespace, name }: NamedObject,
  grant: Pick<NamedGrant, 'name' | 'namespace'>,
): boolean {
  if (kind !== 'ServiceAccount') return name === roleNameFor(grant);
  const prefix = `${SERVICE_ACCOUNT_PREFIX}${grant.name}-`;
  return namespace === grant.namespace && name.startsWith(prefix) && SUFFIX.test(name.slice(prefix.length));
}

/** How the API server names a service account as a user (k8s.io/apiserver, serviceaccount.MakeUsername). */
export function usernameOf(serviceAccount: { namespace: string; name: string }): string {
  return `system:serviceaccount:${serviceAccount.namespace}:${serviceAccount.name}`;
}
