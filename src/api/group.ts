/** The API group, version and names that are the product's; every other file takes them from here. */

export const GROUP = 'taskgrant.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}` as const;

/** On a pod: the grant it runs under. That is all that a pod's author has to write. */
export const GRANT_LABEL = `${GROUP}/grant`;

/** On everything that was made for a grant: the grant's UID, which says whose it is beyond doubt. */
export const GRANT_UID_LABEL = `${GROUP}/grant-uid`;

/** On everything that was made for a grant: the grant's namespace, since owner references never cross namespaces. */
export const GRANT_NAMESPACE_LABEL = `${GROUP}/grant-namespace`;

/** On a ClusterRole: the class of whose ceiling it is a part. */
export const CEILING_LABEL = `${GROUP}/ceiling`;

/** On a namespace: which pods are judged there, in the manner of Pod Security Admission. */
export const ENFORCE_LABEL = `${GROUP}/enforce`;

/** On a namespace: what would be refused at this level is said to whoever creates or changes pods. */
export const WARN_LABEL = `${GROUP}/warn`;

/** On a namespace: what would be refused at this level is written to the audit log. */
export const AUDIT_LABEL = `${GROUP}/audit`;

/**
 * The values of these labels. `granted`: pods that carry a grant, or use the account of one, are judged. `required`: every pod
 * carries one, or has no identity.
 */
export const LEVELS = ['granted', 'required'] as const;
export type Level = (typeof LEVELS)[number];

export function isLevel(value: string | undefined): value is Level {
  return LEVELS.some((level) => level === value);
}

/** The recommended label by which everything that the controller made is found. */
export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
export const MANAGED_BY = 'taskgrant';

/** On what a release installs. */
export const PART_OF_LABEL = 'app.kubernetes.io/part-of';
export const PART_OF = 'taskgrant';

/** Held on a TaskGrant from its creation until nothing of what was made for it is left. */
export const FINALIZER = `${GROUP}/revocation`;

/** On a TaskGrantClass: grants that name no class are of this one. */
export const DEFAULT_CLASS_ANNOTATION = `${GROUP}/is-default-class`;

/** Service accounts whose name begins so are the product's in enforced namespaces. */
export const SERVICE_ACCOUNT_PREFIX = 'taskgrant-';

/** What the random end of such a name is made of: Kubernetes' own, without vowels or what looks alike (apimachinery, util/rand). */
export const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** 27^8 are 2.8 × 10^11: of a million grants of one name, two get the same with a probability of 0.8. */
export const SUFFIX_LENGTH = 8;

/** The end itself, in a syntax that RE2 (CEL’s `matches`) has too. */
export const SUFFIX_PATTERN = `[${SUFFIX_ALPHABET}]{${SUFFIX_LENGTH}}`;

/**
 * The longest name of a TaskGrant: service accounts are `taskgrant-<name>-<8 characters>`, label values hold 63
 * (https://kubernetes.io/docs/concepts/overview/working-with-objects/names/), and 63 - 10 - 1 - 8 = 44.
 */
export const MAX_GRANT_NAME_LENGTH = 44;
