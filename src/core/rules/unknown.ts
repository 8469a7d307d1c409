/**
 * Verbs that only look like one of a request, and resources that Kubernetes does not have in the groups that are its own: singulars, short
 * names, slips of the pen, kinds of another group. RBAC compares resources as they are in the path of a request, lower-case plurals, and
 * the API server takes any word for one (kubernetes, pkg/apis/rbac/validation, ValidatePolicyRule).
 */
import { nearestOf } from '../nearest.ts';
import { BUILT_IN_KINDS, BUILT_IN_KINDS_VERSIONS, OTHER_NAMES } from './built-in-kinds.ts';
import type { ScopedRule } from './right.ts';
import type { Fault, Misspelling } from './spelling.ts';

/** Other verbs are asked about by some program, of whatever it likes, and in namespaces too: `bind` on clusterroles, say. */
const REQUESTS: ReadonlySet<string> = new Set([
  ...['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'],
]);

/** Every resource and every verb of the rule that no request has. Of groups that are not Kubernetes’ own nothing is said. */
export function unknownIn({ apiGroups = [], resources = [], verbs }: ScopedRule): Misspelling[] {
  const areRequests = verbs.map((verb) => verb === '*' || isAboutRequests(verb));
  // Where some program is asked about another verb, a resource may be of its own: unless it is nearly one that there is.
  const isTold = (fault: Fault | undefined) =>
    areRequests.every(Boolean) || (areRequests.some(Boolean) && fault?.fix !== NO_IDEA);
  const faults = resources.map((one) => faultOfUnknown(one, apiGroups));
  const ofResources = faults.map((fault) => (isTold(fault) ? fault : undefined));
  const ofVerbs = apiGroups.every(isBuiltIn) ? verbs.map(faultOfVerb) : [];
  return [...placed('resources', resources, ofResources), ...placed('verbs', verbs, ofVerbs)];
}

/** Whether the verb is one of a request, or was meant to be. */
export function isAboutRequests(verb: string): boolean {
  return REQUESTS.has(verb) || faultOfVerb(verb) !== undefined;
}

function placed(
  field: 'resources' | 'verbs',
  words: readonly string[],
  faults: readonly (Fault | undefined)[],
): Misspelling[] {
  return faults.flatMap((fault, index) =>
    fault ? [{ path: `${field}[${index}]`, asked: words[index] ?? '', ...fault }] : [],
  );
}

/** What people say who have not looked. */
const CALLED: Readonly<Record<string, string>> = {
  ...{ read: 'get', view: 'get', write: 'update', edit: 'update', remove: 'delete' },
};

const called = (verb: string) => (Object.hasOwn(CALLED, verb) ? CALLED[verb] : undefined);

/** Of three letters any is as near to `get`. */
const SHORTEST_MISSPELT_VERB = 4;
/** `delegate` is no misspelt `delete`: some program may ask about it. */
const MOST_MISTAKES = 1;

/** Undefined where it is one of a request, and where it looks like none. */
function faultOfVerb(verb: string): Fault | undefined {
  if (REQUESTS.has(verb) || verb.length < SHORTEST_MISSPELT_VERB || /[\s*\p{Lu}]/u.test(verb))
    return undefined;
  const meant = called(verb) ?? nearestOf(verb, [...REQUESTS], MOST_MISTAKES);
  return meant === undefined
    ? undefined
    : { because: 'no request of Kubernetes has this verb', fix: `write ${JSON.stringify(meant)}` };
}

/** Why no request has the resource in any of the groups, and what was probably meant; undefined where one may have it. */
export function faultOfUnknown(resource: string, apiGroups: readonly string[]): Fault | undefined {
  const [, kind = '', subresource] = ONE_RESOURCE.exec(resource) ?? [];
  if (kind === '' || apiGroups.length === 0 || !apiGroups.every(isBuiltIn)) return undefined;
  const known = apiGroups.flatMap(resourcesOf);
  if (apiGroups.some((group) => isAskedAbout(group, kind, subresource))) return undefined;
  if (!known.includes(kind)) return faultOfKind(kind, subresource, apiGroups);
  return subresource === undefined || known.includes(resource)
    ? undefined
    : faultOfSubresource(kind, subresource, known);
}

/** `configmap` is `configmaps`; what has no other name is what it is called. */
export function calledInRules(kind: string): string {
  return (Object.hasOwn(OTHER_NAMES, kind) ? OTHER_NAMES[kind] : undefined) ?? kind;
}

/** With or without a subresource. Wildcards, capitals, blanks and dots are said to be wrong elsewhere: see spelling.ts. */
const ONE_RESOURCE = /^([^\s*./\p{Lu}]+)(?:\/([^\s*/\p{Lu}]+))?$/u;

const [OLDEST, NEWEST] = [BUILT_IN_KINDS_VERSIONS.at(0), BUILT_IN_KINDS_VERSIONS.at(-1)].map((version) =>
  version?.split('.').slice(0, 2).join('.'),
);
const NOWHERE = `no Kubernetes from ${OLDEST} to ${NEWEST} has it`;
const NO_IDEA = 'leave it out, or correct its name or its group';

/**
 * Of no discovery, as there is nothing to get, and yet asked about: impersonation (k8s.io/apiserver, endpoints/filters), signers
 * (kubernetes, plugin/pkg/admission/certificates), the kubelet about who comes to it (pkg/kubelet/server/auth.go), the approver of
 * kubelets’ certificates (pkg/controller/certificates/approver), drivers of devices (pkg/registry/resource/utils.go), and OpenShift about
 * endpoints, for which Kubernetes’ own controller has the right (plugin/pkg/auth/authorizer/rbac/bootstrappolicy).
 */
const ASKED_ABOUT: Readonly<Record<string, readonly string[]>> = {
  '': [
    ...['users', 'groups', 'uids', 'userextras', 'endpoints/restricted'],
    ...['stats', 'metrics', 'log', 'checkpoint', 'statusz', 'pods', 'healthz', 'configz'].map(
      (subresource) => `nodes/${subresource}`,
    ),
  ],
  'authentication.k8s.io': ['users', 'groups', 'uids', 'userextras', 'serviceaccounts', 'nodes'],
  'certificates.k8s.io': [
    ...['signers', 'certificatesigningrequests/nodeclient', 'certificatesigningrequests/selfnodeclient'],
  ],
  'resource.k8s.io': ['resourceclaims/binding', 'resourceclaims/driver'],
};

/** The finalizers of any kind are asked about where owners may be blocked (kubernetes, plugin/pkg/admission/gc). */
function isAskedAbout(group: string, kind: string, subresource: string | undefined): boolean {
  const asked = ASKED_ABOUT[group] ?? [];
  return (
    asked.includes(kind) ||
    asked.includes(`${kind}/${subresource}`) ||
    (subresource === 'finalizers' && resourcesOf(group).includes(kind))
  );
}

function faultOfKind(kind: string, subresource: string | undefined, apiGroups: readonly string[]): Fault {
  const called = calledInRules(kind);
  const isKnown = groupsWith(called).length > 0;
  const meant = isKnown
    ? called
    : (nearestOf(kind, apiGroups.flatMap(kindsOf)) ?? nearestOf(kind, BUILT_IN_GROUPS.flatMap(kindsOf)));
  if (meant === undefined) return { because: NOWHERE, fix: NO_IDEA };
  const groups = groupsWith(meant);
  const names = groups.map((group) => JSON.stringify(group)).join(' or ');
  const whole = JSON.stringify(subresource === undefined ? meant : `${meant}/${subresource}`);
  return {
    because: meant === kind ? `it is of the group ${names}` : isKnown ? `it is called ${meant}` : NOWHERE,
    fix: groups.some((group) => apiGroups.includes(group))
      ? `write ${whole}`
      : `write ${whole}, and ${names} in apiGroups`,
  };
}

function faultOfSubresource(kind: string, subresource: string, known: readonly string[]): Fault {
  const prefix = `${kind}/`;
  const ofKind = known
    .filter((resource) => resource.startsWith(prefix))
    .map((resource) => resource.slice(prefix.length));
  const meant = nearestOf(subresource, ofKind);
  return {
    because: NOWHERE,
    fix: meant === undefined ? NO_IDEA : `write ${JSON.stringify(prefix + meant)}`,
  };
}

const BUILT_IN_GROUPS = Object.keys(BUILT_IN_KINDS);

/** Whether the group is Kubernetes’ own. */
export function isBuiltIn(group: string): boolean {
  return Object.hasOwn(BUILT_IN_KINDS, group);
}

function resourcesOf(group: string): readonly string[] {
  const { cluster = [], namespaced = [] } = BUILT_IN_KINDS[group] ?? {};
  return [...cluster, ...namespaced];
}

function kindsOf(group: string): readonly string[] {
  return resourcesOf(group).filter((resource) => !resource.includes('/'));
}

function groupsWith(kind: string): string[] {
  return BUILT_IN_GROUPS.filter((group) => resourcesOf(group).includes(kind));
}
