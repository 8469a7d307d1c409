/** The names of what is made for a grant. */
import type { UserInfo } from '../api/kubernetes.ts';
import {
  MAX_GRANT_NAME_LENGTH,
  SERVICE_ACCOUNT_PREFIX,
  SUFFIX_ALPHABET,
  SUFFIX_PATTERN,
} from '../api/group.ts';

const SUFFIX = new RegExp(`^${SUFFIX_PATTERN}$`);

/** The names that serviceAccountNameFor gives, in a syntax that RE2 (CEL’s `matches`) has too; the grant’s own is the group. */
export const ACCOUNT_PATTERN = `^${SERVICE_ACCOUNT_PREFIX}(.+)-${SUFFIX_PATTERN}$`;
const ACCOUNT = new RegExp(ACCOUNT_PATTERN);

interface NamedGrant {
  name: string;
  namespace: string;
}

/** @param random as many bytes as the suffix has characters. */
export function suffixFrom(random: Uint8Array): string {
  return Array.from(random, (byte) => SUFFIX_ALPHABET[byte % SUFFIX_ALPHABET.length]).join('');
}

/**
 * The name of a grant's service account: `taskgrant-<grant>-<suffix>`. The suffix is random, and nobody knows it before the
 * grant's inventory is recorded: a pod that names the account beforehand, while its namespace is not enforced yet, would have
 * the grant's identity without having been judged. Outside trust policies know a service account by its name only, so
 * a grant that is deleted and created again has another one.
 *
 * @throws RangeError where the grant's name is longer than MAX_GRANT_NAME_LENGTH.
 */
export function serviceAccountNameFor(name: string, suffix: string): string {
  if (name.length > MAX_GRANT_NAME_LENGTH) {
    throw new RangeError(
      `the name ${name} has ${name.length} characters; at most ${MAX_GRANT_NAME_LENGTH} fit`,
    );
  }
  return `${SERVICE_ACCOUNT_PREFIX}${name}-${suffix}`;
}

/** The grant that has an account of this name, if any has. */
export function grantOfAccount(accountName: string): string | undefined {
  return ACCOUNT.exec(accountName)?.[1];
}

/** How the names of grants' Roles and RoleBindings begin, and no others. */
export const ROLE_NAME_PREFIX = 'taskgrant:';

/** The name of the grant's Role and RoleBinding, the same in each of its namespaces. */
export function roleNameFor({ name, namespace }: NamedGrant): string {
  return `${ROLE_NAME_PREFIX}${namespace}:${name}`;
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
export function isPlacedFor({ kind, namespace, name }: NamedObject, grant: NamedGrant): boolean {
  if (kind !== 'ServiceAccount') return name === roleNameFor(grant);
  const prefix = `${SERVICE_ACCOUNT_PREFIX}${grant.name}-`;
  return namespace === grant.namespace && name.startsWith(prefix) && SUFFIX.test(name.slice(prefix.length));
}

/** How the API server names service accounts as users (k8s.io/apiserver, serviceaccount.MakeUsername). */
export const ACCOUNT_USER_PREFIX = 'system:serviceaccount:';

export function usernameOf(serviceAccount: { namespace: string; name: string }): string {
  return `${ACCOUNT_USER_PREFIX}${serviceAccount.namespace}:${serviceAccount.name}`;
}

/** How nodes authenticate (kubernetes.io/docs/reference/access-authn-authz/node): the Node authorizer relies on both. */
export const NODE_GROUP = 'system:nodes';
export const NODE_USER_PREFIX = 'system:node:';

/** Whether a user is the node of this name. */
export function isNode(nodeName: string, { username = '', groups = [] }: UserInfo): boolean {
  return username === NODE_USER_PREFIX + nodeName && groups.includes(NODE_GROUP);
}
