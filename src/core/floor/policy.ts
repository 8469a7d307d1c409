/** ValidatingAdmissionPolicies (KEP-3488) as the floor has them: what is told of one, and what is the same for all. */
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '../../api/kubernetes.ts';
import { ENFORCE_LABEL, GROUP, SERVICE_ACCOUNT_PREFIX } from '../../api/group.ts';
import { ACCOUNT_PATTERN, ACCOUNT_USER_PREFIX, usernameOf } from '../names.ts';

/** The names that an installation has chosen for itself. */
export interface Installation {
  /** The namespace of the product. */
  namespace: string;
  /** What the names of its own objects begin with. */
  name: string;
  /** Where enforcement is probed. */
  probeNamespace: string;
}

export interface FloorPolicy {
  /** What it holds, in a word or two: part of its name. */
  name: string;
  /** Why it is there; what nobody gets past by it. */
  because: string;
  /** Which requests it is about. */
  rules: readonly Rule[];
  /** CEL that a request must fulfil to be judged, by name. */
  conditions?: Readonly<Record<string, string>>;
  /** CEL that several validations share, by name. */
  variables?: Readonly<Record<string, string>>;
  /** What has to be true, and what is said where it is not. */
  validations: readonly Validation[];
  /** Refused where it is left out. */
  action?: 'Warn';
}

export interface Rule {
  operations: readonly ('CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT' | '*')[];
  apiGroups: readonly string[];
  resources: readonly string[];
}

export interface Validation {
  expression: string;
  /** Begins with the code and the path of the violation, where there is one for it: as a denial of the webhook does. */
  message: string;
}

const ADMISSION = 'admissionregistration.k8s.io/v1';

/** The two objects of a policy, under the name of the installation and with an ending. */
export function policyObjects(
  { name, rules, conditions = {}, variables = {}, validations, action }: FloorPolicy,
  metadata: { name: string; labels?: Record<string, string> },
): [ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding] {
  const named = (expressions: Readonly<Record<string, string>>) =>
    Object.entries(expressions).map(([of, expression]) => ({ name: of, expression }));
  const [matchConditions, variableList] = [named(conditions), named(variables)];
  return [
    {
      apiVersion: ADMISSION,
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: {
        // An expression that cannot be evaluated is a no; of a policy that only warns, nothing.
        failurePolicy: action === 'Warn' ? 'Ignore' : 'Fail',
        matchConstraints: {
          resourceRules: rules.map(({ operations, apiGroups, resources }) => ({
            operations: [...operations],
            apiGroups: [...apiGroups],
            apiVersions: ['*'],
            resources: [...resources],
          })),
        },
        ...(matchConditions.length > 0 && { matchConditions }),
        ...(variableList.length > 0 && { variables: variableList }),
        validations: validations.map(({ expression, message }) => ({
          expression,
          message: `${message} (TaskGrant’s policy ${name})`,
          reason: 'Forbidden',
        })),
      },
    },
    {
      apiVersion: ADMISSION,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: metadata.name, validationActions: [action ?? 'Deny'] },
    },
  ];
}

/** CEL: whether a name is one that the service accounts of grants have. The prefix first: it costs less than the pattern. */
export function isAccountName(name: string): string {
  return `${name}.startsWith('${SERVICE_ACCOUNT_PREFIX}') && ${name}.matches('${ACCOUNT_PATTERN}')`;
}

/** The user of a grant's service account, as the API server names it. */
const USER_PATTERN = ACCOUNT_PATTERN.replace('^', `^${ACCOUNT_USER_PREFIX}[^:]+:`);

/** CEL: whether a user is the service account of a grant. */
export function isAccountUser(username: string): string {
  return `${username}.startsWith('${ACCOUNT_USER_PREFIX}') && ${username}.matches('${USER_PATTERN}')`;
}

/** CEL: whether a user is that service account of the installation. */
export function isOwnAccount({ namespace, name }: Installation, component: string): string {
  return `request.userInfo.username == '${usernameOf({ namespace, name: `${name}-${component}` })}'`;
}

/** CEL: whether a user is one of the installation's grantors, which are known by their names. */
export function isGrantor({ namespace, name }: Installation): string {
  return `request.userInfo.username.startsWith('${usernameOf({ namespace, name: `${name}-grantor-` })}')`;
}

/** CEL: the value of a label, as an optional. */
export function labelOf(object: 'object' | 'oldObject' | 'namespaceObject', label: string): string {
  return `${object}.metadata.?labels[?'${label}']`;
}

/** CEL: whether grants are in force in the namespace of the request, which has one. */
export const IS_ENFORCED = `${labelOf('namespaceObject', ENFORCE_LABEL)}.hasValue()`;

/** CEL: whether a pod uses a grant's account. */
export function usesAccount(pod: 'object' | 'oldObject'): string {
  return `${pod}.spec.?serviceAccountName.optMap(name, ${isAccountName('name')}).orValue(false)`;
}

/** CEL: what the API server is asked about whoever sends the request: what they may do with classes. */
export const CLASSES = `authorizer.group('${GROUP}').resource('taskgrantclasses')`;

/** CEL: whether an update takes finalizers off at the most: the garbage collector must get its way, and nobody can put one on. */
const ADDS_NO_FINALIZER =
  'object.metadata.?finalizers.orValue([]).all(name, name in oldObject.metadata.?finalizers.orValue([]))';

/** CEL: whether it is on its way out: what takes its finalizers off must get its way, whatever it is. */
export const IS_GOING = 'object.metadata.?deletionTimestamp.hasValue()';

/** CEL: whether an update leaves these fields alone, and by what the object is known; whatever is created passes. */
export function stays(...fields: readonly string[]): string {
  const same = [
    ...fields.map((field) => `object.?${field} == oldObject.?${field}`),
    // Without any is as good as without the field.
    ...['labels', 'annotations'].map(
      (field) => `object.metadata.?${field}.orValue({}) == oldObject.metadata.?${field}.orValue({})`,
    ),
    ADDS_NO_FINALIZER,
  ];
  return `oldObject == null || (${same.join(' && ')})`;
}

/** CEL: whether two maps are the same but for these keys. Every other key is compared, those that a later Kubernetes adds too. */
export function sameBut(keys: readonly string[], one: string, other: string): string {
  const [left, right] = [`dyn(${one})`, `dyn(${other})`];
  const isLeftOut = `key in [${keys.map((key) => `'${key}'`).join(', ')}]`;
  return (
    `(${left}.all(key, ${isLeftOut} || (key in ${right} && ${left}[key] == ${right}[key])) && ` +
    `${right}.all(key, ${isLeftOut} || key in ${left}))`
  );
}
