/** Rights of which none leads further than it says: how much harm they can do all the same. */
import { GROUP } from '../../api/group.ts';
import { PRACTICES } from './danger.ts';
import type { RiskLevel } from './risk-level.ts';
import { reachesOf, renderFound, type FoundRight } from './pattern.ts';
import type { ScopedRule } from './right.ts';

export interface OrdinaryFinding {
  code: OrdinaryCode;
  level: RiskLevel;
  /** As text. */
  right: string;
}

/** Why something is Medium though it is on no list. */
export const ORDINARY_FINDINGS = {
  BroadReads: {
    means: 'reads, of all objects, kinds in which credentials turn up by accident',
    because:
      'ConfigMaps, logs, Events, and the environment of pods and of what makes them often have a password in them.',
    reference: 'https://kubernetes.io/docs/concepts/security/secrets-good-practices/',
  },
  OthersDisturbed: {
    means: 'changes or deletes any object of a kind, others’ among them',
    because: 'What is not limited by resourceNames reaches every object of the namespace.',
    reference: `${PRACTICES}#denial-of-service-risks`,
  },
  GroupUnknown: {
    means: 'writes kinds of which nobody here knows what comes of them',
    because: 'A controller may act on such an object with more rights than its writer has.',
    reference: PRACTICES,
  },
  VerbUnknown: {
    means: 'has a verb of which nobody here knows what it is asked for',
    because:
      'Verbs other than those of the API stand for powers that some program asks the API server about.',
    reference: 'https://kubernetes.io/docs/reference/access-authn-authz/authorization/#request-verbs',
  },
  PathsOfServer: {
    means: 'reads what the API server says of itself, or paths that nobody here knows',
    because: 'Metrics, logs and profiles tell of others’ requests.',
    reference: 'https://kubernetes.io/docs/concepts/cluster-administration/system-metrics/',
  },
} as const;

export type OrdinaryCode = keyof typeof ORDINARY_FINDINGS;

const READS = new Set(['get', 'list', 'watch']);
/** Asked about by the API server beside the request’s own verb; where they lead anywhere, the lists of dangers say so. */
const SPECIAL = new Set(['use', 'bind', 'escalate', 'impersonate', 'approve', 'sign', 'attest']);
const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/** Of Kubernetes itself (k8s.io/api, k8s.io/metrics, apiextensions, kube-aggregator), and the product's. */
const KNOWN_GROUPS = new Set([
  ...['', 'apps', 'batch', 'autoscaling', 'policy', 'networking.k8s.io', 'discovery.k8s.io', 'events.k8s.io'],
  ...['coordination.k8s.io', 'rbac.authorization.k8s.io', 'storage.k8s.io', 'authentication.k8s.io'],
  ...['authorization.k8s.io', 'certificates.k8s.io', 'node.k8s.io', 'scheduling.k8s.io', 'resource.k8s.io'],
  ...['admissionregistration.k8s.io', 'apiextensions.k8s.io', 'apiregistration.k8s.io'],
  ...['flowcontrol.apiserver.k8s.io', 'metrics.k8s.io', GROUP],
]);

/** Where people put credentials though they should not, by group; `*` is all of it. */
const TELLING: Readonly<Record<string, readonly string[]>> = {
  '': ['configmaps', 'events', 'pods', 'pods/log', 'replicationcontrollers', 'podtemplates', '*', '*/log'],
  'events.k8s.io': ['events', '*'],
  apps: ['deployments', 'statefulsets', 'daemonsets', 'replicasets', 'controllerrevisions', '*'],
  batch: ['jobs', 'cronjobs', '*'],
};

/**
 * What every service account may do anyway (the ClusterRoles system:basic-user, system:discovery and, from 1.33,
 * system:cluster-trust-bundle-discovery: kubernetes, plugin/pkg/auth/authorizer/rbac/bootstrappolicy).
 */
const EVERYBODYS: readonly (readonly [group: string, resource: string, verbs: ReadonlySet<string>])[] = [
  ['authorization.k8s.io', 'selfsubjectaccessreviews', new Set(['create'])],
  ['authorization.k8s.io', 'selfsubjectrulesreviews', new Set(['create'])],
  ['authentication.k8s.io', 'selfsubjectreviews', new Set(['create'])],
  ['certificates.k8s.io', 'clustertrustbundles', READS],
];
const EVERYBODYS_PATH =
  /^\/(api|apis|openapi)(\/.*)?$|^\/(healthz|livez|readyz|version\/?|\.well-known\/openid-configuration\/?|openid\/v1\/jwks\/?)$/;

/** The level of everything in the rule by itself, and why, where that is Medium. */
export function* ordinaryIn(rule: ScopedRule): Generator<OrdinaryFinding | { level: RiskLevel }> {
  for (const byName of reachesOf(rule))
    for (const apiGroup of rule.apiGroups ?? [])
      for (const resource of rule.resources ?? [])
        for (const verb of rule.verbs) yield* judged({ apiGroup, resource, verb, byName }, rule.namespaces);
  // Within a namespace there are no such paths.
  if (rule.namespaces) return;
  for (const path of rule.nonResourceURLs ?? [])
    for (const verb of rule.verbs) {
      const isEverybodys = READS.has(verb) && EVERYBODYS_PATH.test(path);
      if (isEverybodys) yield { level: 'None' };
      else yield { code: 'PathsOfServer', level: 'Medium', right: `${verb} ${path}` };
    }
}

function* judged(
  right: Omit<FoundRight, 'namespace'>,
  namespaces: readonly string[] | undefined,
): Generator<OrdinaryFinding | { level: RiskLevel }> {
  const found = ofRight(right);
  if (typeof found === 'string') {
    yield { level: found };
    return;
  }
  for (const namespace of namespaces ?? [undefined])
    yield {
      ...found,
      level: 'Medium',
      right: renderFound({ ...right, ...(namespace !== undefined && { namespace }) }),
    };
}

function ofRight({
  apiGroup,
  resource,
  verb,
  byName,
}: Omit<FoundRight, 'namespace'>): RiskLevel | { code: OrdinaryCode } {
  if (EVERYBODYS.some(([group, kind, verbs]) => group === apiGroup && kind === resource && verbs.has(verb)))
    return 'None';
  const isKnown = KNOWN_GROUPS.has(apiGroup);
  if (READS.has(verb)) {
    const telling = isKnown ? (TELLING[apiGroup] ?? []) : [resource];
    return !byName && telling.includes(resource) ? { code: 'BroadReads' } : 'Low';
  }
  if (SPECIAL.has(verb)) return 'Low';
  if (!WRITES.has(verb) && verb !== '*') return { code: 'VerbUnknown' };
  if (!isKnown) return { code: 'GroupUnknown' };
  return byName ? 'Low' : { code: 'OthersDisturbed' };
}
