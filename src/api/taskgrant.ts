/**
 * TaskGrant: one task's declared envelope. From this file come the TypeScript types, the defaults, the CRD in
 * crds/ and the API reference in docs/reference/.
 */
import {
  MAX_GRANT_NAME_LENGTH,
  SERVICE_ACCOUNT_PREFIX,
  SUFFIX_LENGTH,
  SUFFIX_PATTERN,
  type API_VERSION,
} from './group.ts';
import type { ObjectMeta } from './kubernetes.ts';
import {
  FINAL_PHASES,
  GRANT_CONDITIONS,
  GRANT_REASONS,
  PHASES,
  type GrantReason,
  type Phase,
} from './reasons.ts';
import { RISK_LEVELS } from './risk-level.ts';
import {
  conditions,
  duration,
  flag,
  integer,
  list,
  mapBy,
  oneOf,
  optional,
  record,
  set,
  stringListMap,
  stringMap,
  text,
  time,
  withRules,
  type CelRule,
  type Static,
  type TProperties,
  type TSchema,
} from './schema.ts';

const DNS_LABEL = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$';
const DNS_SUBDOMAIN = '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$';

/** The service account token lifetimes that the API server accepts: 10 minutes to 2^32 seconds (TokenRequestSpec). */
export const MIN_TOKEN_SECONDS = 600;

/** How long a finished grant stays where it does not say. */
export const DEFAULT_TTL = '24h';
export const MAX_TOKEN_SECONDS = 86_400;

/** The shortest life that a pod certificate may be asked with, an hour (KEP-4317). */
export const MIN_CERTIFICATE_SECONDS = 3600;

/** The longest, 91 days (KEP-4317). */
export const MAX_CERTIFICATE_SECONDS = 7_862_400;

/** As many pods may ever be admitted under one grant. */
export const MOST_PODS = 1000;

/**
 * Asked for with exactly this lifetime, a token for the API server is extended to a year
 * (KEP-1205, --service-account-extend-token-expiration).
 */
export const EXTENDED_TOKEN_SECONDS = 3607;

const namespaceName = text({ minLength: 1, maxLength: 63, pattern: DNS_LABEL, description: 'A namespace.' });

const celSource = text({
  minLength: 1,
  maxLength: 10_240,
  description: 'An expression in CEL with a bool as result.',
});
const celMessage = optional(text({ maxLength: 1024, description: 'What to say when it is false.' }));

const task = record(
  {
    intent: text({
      minLength: 1,
      maxLength: 1024,
      description: 'What the task is for, in words; travels with every decision.',
    }),
    reference: optional(
      text({ maxLength: 256, description: 'A correlation id of the caller’s own system.' }),
    ),
  },
  { description: 'What the access is for.' },
);

const workload = record(
  {
    images: set(text({ minLength: 1, maxLength: 512, description: 'An image reference with globs.' }), {
      minItems: 1,
      maxItems: 64,
      description:
        'Images that the pods may run: each container’s image must match one. Registry and repository, tag, and digest are matched apart; * stays within one path segment, ** crosses them; no tag and no digest means latest; a pattern with a digest part wants a digest. At most eight wildcards a pattern.',
    }),
    deviceClasses: optional(
      set(text({ minLength: 1, maxLength: 253, description: 'A DeviceClass.' }), {
        maxItems: 16,
        description:
          'DeviceClasses that the pods’ resource claims may use, and extended resources (as in example.com/gpu) that containers may ask for.',
      }),
    ),
    maxPods: integer({
      minimum: 1,
      maximum: MOST_PODS,
      default: 1,
      description: 'How many pods may ever be admitted, retries included.',
    }),
    allowExec: flag({
      default: false,
      description:
        'Whether exec, attach, port-forward and ephemeral containers are allowed: they hand the identity to somebody else.',
    }),
  },
  { description: 'Which pods may run under the grant.' },
);

const kubernetesRule = record(
  {
    namespaces: optional(
      set(namespaceName, {
        minItems: 1,
        maxItems: 16,
        description: 'Where the rule holds; the grant’s own namespace where omitted.',
      }),
    ),
    apiGroups: set(text({ maxLength: 253, description: 'An API group; empty for the core group.' }), {
      minItems: 1,
      maxItems: 16,
      description: 'API groups, as in a Role.',
    }),
    resources: set(
      text({ minLength: 1, maxLength: 253, description: 'A resource, or resource/subresource.' }),
      {
        minItems: 1,
        maxItems: 32,
        description: 'Resources, as in a Role.',
      },
    ),
    resourceNames: optional(
      set(text({ minLength: 1, maxLength: 253, description: 'The name of an object.' }), {
        minItems: 1,
        maxItems: 64,
        description: 'Only objects of these names; all where omitted.',
      }),
    ),
    verbs: set(text({ minLength: 1, maxLength: 63, description: 'A verb of the Kubernetes API.' }), {
      minItems: 1,
      maxItems: 16,
      description: 'Verbs, as in a Role.',
    }),
    constraints: optional(
      list(record({ expression: celSource, message: celMessage }, { description: 'One constraint.' }), {
        maxItems: 8,
        description: 'CEL over object and oldObject for writes: what RBAC cannot say. Not supported yet.',
      }),
    ),
  },
  { description: 'A rule as in a Role; becomes one in each of its namespaces.' },
);

const token = record(
  {
    name: text({
      minLength: 1,
      maxLength: 63,
      pattern: DNS_LABEL,
      description:
        'The token’s name. The pod finds it at /var/run/secrets/taskgrant.dev/<name>/token; the one for the API server where in-cluster clients look for it.',
    }),
    audience: optional(
      text({
        minLength: 1,
        maxLength: 512,
        description: 'Who may accept the token; the API server where omitted.',
      }),
    ),
    expirationSeconds: withRules(
      integer({
        minimum: MIN_TOKEN_SECONDS,
        maximum: MAX_TOKEN_SECONDS,
        default: MIN_TOKEN_SECONDS,
        description: 'How long a token lives at most; the kubelet asks for a new one at 80 % of it.',
      }),
      [
        {
          rule: `self != ${String(EXTENDED_TOKEN_SECONDS)}`,
          message: `${String(EXTENDED_TOKEN_SECONDS)} is the one lifetime that the API server extends to a year; use another`,
        },
      ],
    ),
  },
  { description: 'An audience that tokens may be minted for.' },
);

const certificate = record(
  {
    signerName: text({ minLength: 1, maxLength: 571, description: 'The signer, as domain/name.' }),
    maxExpirationSeconds: integer({
      minimum: MIN_CERTIFICATE_SECONDS,
      maximum: MAX_CERTIFICATE_SECONDS,
      default: MIN_CERTIFICATE_SECONDS,
      description: 'How long a certificate lives at most: an hour to 91 days (KEP-4317).',
    }),
    userAnnotations: optional(
      stringMap({
        maxProperties: 16,
        maxLength: 1024,
        description: 'The user annotations that may be asked for.',
      }),
    ),
  },
  { description: 'A podCertificate source that pods may have.' },
);

const envelope = record(
  {
    kubernetes: optional(
      list(kubernetesRule, { maxItems: 16, description: 'What the task may do at the API server.' }),
    ),
    tokens: optional(
      mapBy('name', token, {
        maxItems: 16,
        description:
          'Audiences that may be minted for the task. An entry without an audience is the API server’s own.',
        'x-kubernetes-validations': [
          {
            rule: 'self.filter(t, !has(t.audience)).size() <= 1 && self.filter(t, has(t.audience)).all(t, self.exists_one(o, has(o.audience) && o.audience == t.audience))',
            message: 'each audience may be named once',
          },
        ],
      }),
    ),
    secrets: optional(
      set(
        text({ minLength: 1, maxLength: 253, pattern: DNS_SUBDOMAIN, description: 'The name of a Secret.' }),
        {
          maxItems: 64,
          description: 'Secrets that the pods may reference, in any form.',
        },
      ),
    ),
    certificates: optional(
      list(certificate, {
        maxItems: 16,
        description:
          'Pod certificates that pods may ask for: signer, longest life, and the annotations that the signer may be told.',
      }),
    ),
    csiDrivers: optional(
      set(text({ minLength: 1, maxLength: 253, description: 'The name of a CSI driver.' }), {
        maxItems: 32,
        description:
          'CSI drivers that the pods may use: every inline one, and by a claim those that are handed tokens of the pod, whose audiences must be in tokens.',
      }),
    ),
    externalIdentity: optional(
      stringMap({
        maxProperties: 32,
        maxLength: 1024,
        description:
          'Other identity systems’ annotations and labels, of the pod or its service account: key to the one value allowed. What belongs on the account is put there.',
      }),
    ),
  },
  {
    description:
      'The most that the task may ever hold. Nothing is inherited, and what is omitted is not granted.',
    default: {},
  },
);

const completion = record(
  {
    succeeded: integer({
      minimum: 1,
      maximum: 1000,
      default: 1,
      description:
        'The task is complete when so many pods have Succeeded and none is running, or when maxPods pods were used and none is running.',
    }),
    podsRunning: oneOf(['Terminate', 'Leave'], {
      default: 'Terminate',
      description: 'What happens to pods that still run when the grant ends.',
    }),
  },
  { description: 'When the task is complete.', default: {} },
);

/** More groups than these cannot be recorded of a requester. */
export const MAX_REQUESTER_GROUPS = 512;

/** How many finalizers a grant is given: they are kept in memory, and there can be hundreds of thousands of them on an object of anybody's. */
export const MOST_FINALIZERS = 16;

const user = {
  username: text({ maxLength: 1024, description: 'The user’s name.' }),
  uid: optional(text({ maxLength: 256, description: 'The user’s UID.' })),
  groups: optional(
    list(text({ maxLength: 512, description: 'A group.' }), {
      maxItems: MAX_REQUESTER_GROUPS,
      description: 'The user’s groups.',
    }),
  ),
  extra: optional(
    stringListMap({
      maxProperties: 64,
      maxItems: 64,
      maxLength: 2048,
      description: 'What else the authenticator said.',
    }),
  ),
};

const requestedBy = record(user, {
  description: 'Who asked, as the API server says. Stamped by admission over whatever was written here.',
});

const approval = record(
  {
    decision: oneOf(['Approved', 'Denied'], { description: 'Approved or Denied.' }),
    reason: optional(text({ maxLength: 1024, description: 'Why.' })),
    decidedBy: optional(
      record(user, {
        description:
          'Who decided, as the API server says. Stamped by admission over whatever was written here.',
      }),
    ),
    decidedAt: optional(time({ description: 'When that was. Stamped by admission.' })),
    specDigest: optional(
      text({
        maxLength: 128,
        description: 'SHA-256 over the canonical JSON of what was decided on. Stamped by admission.',
      }),
    ),
  },
  {
    description:
      'By someone with the verb approve on the class, who is neither the requester nor a task. Said once, and never at creation.',
  },
);

/** What may change after creation, and only this: revoke (to true), suspend, approval (once), duration (less). */
const IMMUTABLE_FIELDS = [
  'className',
  'task',
  'workload',
  'envelope',
  'conditions',
  'limits',
  'onDrift',
  'notBefore',
  'completion',
  'ttlAfterFinished',
  'parentRef',
  'delegation',
  'requestedBy',
] as const;

const spec = record(
  immutable(IMMUTABLE_FIELDS, {
    className: optional(
      text({
        minLength: 1,
        maxLength: 253,
        pattern: DNS_SUBDOMAIN,
        description: 'The TaskGrantClass; admission fills in the default class where omitted.',
      }),
    ),
    task,
    workload,
    envelope,
    conditions: optional(
      mapBy(
        'name',
        record(
          {
            name: text({
              minLength: 1,
              maxLength: 63,
              pattern: DNS_LABEL,
              description: 'The condition’s name.',
            }),
            expression: celSource,
            message: celMessage,
          },
          { description: 'One condition.' },
        ),
        {
          maxItems: 16,
          description:
            'CEL over grant, requester, namespaceObject and request, with a bool as result, evaluated when the grant is created, when a pod is admitted under it, and for each token and certificate; see docs/cel.md.',
        },
      ),
    ),
    limits: optional(
      record(
        {
          writes: optional(
            integer({
              minimum: 0,
              maximum: 1_000_000,
              description: 'How many writing requests the task may make in all.',
            }),
          ),
        },
        { description: 'Budgets over the task’s life. Not supported yet.' },
      ),
    ),
    onDrift: oneOf(['Revoke', 'Suspend'], {
      default: 'Revoke',
      description:
        'What happens when what the decision was taken on no longer holds: something that was issued was changed, more was bound to all accounts of the namespace, or the class does not allow the grant any more. Suspend takes the rights away until somebody has looked: set spec.suspend to true, and then to false. Where the account itself was changed, or more was bound to it by name, the grant ends all the same.',
    }),
    notBefore: optional(time({ description: 'The grant does not become active before this.' })),
    duration: duration({ description: 'From activation to revocation, whatever happens. May only shrink.' }, [
      { rule: "duration(self) > duration('0s')", message: 'must be longer than nothing' },
      {
        rule: 'duration(self) <= duration(oldSelf)',
        message: 'may only shrink; for longer, create a new TaskGrant',
      },
    ]),
    completion,
    ttlAfterFinished: duration({
      default: DEFAULT_TTL,
      description: 'How long the finished object, and the receipt in it, stays readable.',
    }),
    parentRef: optional(
      record(
        { name: text({ minLength: 1, maxLength: 253, description: 'A TaskGrant of the same namespace.' }) },
        { description: 'The grant that this one is a narrowed child of. Not supported yet.' },
      ),
    ),
    delegation: optional(
      record(
        {
          maxDepth: integer({
            minimum: 0,
            maximum: 16,
            default: 0,
            description: 'How many generations of children.',
          }),
          maxChildren: integer({
            minimum: 0,
            maximum: 1000,
            default: 0,
            description: 'How many children at a time.',
          }),
        },
        {
          description:
            'Whether this grant’s identity may create children. More than none is not supported yet.',
        },
      ),
    ),
    suspend: flag({
      default: false,
      description:
        'Takes the rights away until it is false again and the grant is judged anew. The account and the pods stay; the duration goes on.',
    }),
    revoke: flag({ default: false, description: 'Revokes at once, for good.' }),
    approval: optional(
      withRules(approval, [{ rule: 'self == oldSelf', message: 'spec.approval is said once' }]),
    ),
    requestedBy: optional(requestedBy),
  }),
  {
    description: 'The declared envelope. One grant is one policy decision: a changed mind is a new grant.',
    'x-kubernetes-validations': [
      ...IMMUTABLE_FIELDS.map((field) => ({
        rule: `has(self.${field}) == has(oldSelf.${field})`,
        message: `spec.${field} cannot be added or removed: one grant is one decision; create a new TaskGrant`,
        reason: 'FieldValueForbidden' as const,
      })),
      {
        rule: '!oldSelf.revoke || self.revoke',
        message: 'a revoked grant stays revoked; create a new TaskGrant',
      },
      { rule: '!has(oldSelf.approval) || has(self.approval)', message: 'spec.approval is said once' },
    ],
  },
);

/**
 * The given fields with a rule that they stay as they are. A field's own transition rule is asked only where the
 * field was and is there, so the object's rules say that none comes or goes. (Comparing optionals on the object
 * would say both at once, but their cost cannot be estimated and the API server rejects it.)
 */
function immutable<Fields extends TProperties>(
  names: readonly (keyof Fields & string)[],
  fields: Fields,
): Fields {
  const ruled = names.map((name) => [
    name,
    withRules(fields[name] as TSchema, [
      {
        rule: 'self == oldSelf',
        message: `spec.${name} cannot be changed: one grant is one decision; create a new TaskGrant`,
        reason: 'FieldValueForbidden',
      },
    ]),
  ]);
  return { ...fields, ...(Object.fromEntries(ruled) as Partial<Fields>) };
}

const inventoryItem = record(
  {
    kind: oneOf(['ServiceAccount', 'Role', 'RoleBinding'], { description: 'The kind of the object.' }),
    namespace: namespaceName,
    name: text({ maxLength: 253, description: 'The name of the object.' }),
    uid: optional(text({ maxLength: 64, description: 'Its UID, once it exists.' })),
  },
  { description: 'An object that was made for the grant.' },
);

const podRecord = record(
  {
    name: text({ maxLength: 253, description: 'The pod’s name.' }),
    uid: text({ maxLength: 64, description: 'The pod’s UID.' }),
    nodeName: optional(text({ maxLength: 253, description: 'Where it runs.' })),
    phase: oneOf(['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown', 'Gone'], {
      description: 'The pod’s last seen phase; Gone where it was deleted before it finished.',
    }),
    admittedAt: time({ description: 'When the pod was created.' }),
    finishedAt: optional(time({ description: 'When it was seen finished or gone.' })),
    imageIDs: optional(
      list(text({ maxLength: 1024, description: 'An image by digest.' }), {
        maxItems: 64,
        description: 'What its containers really run.',
      }),
    ),
  },
  { description: 'A pod that ran under the grant.' },
);

const suspension = record(
  {
    reason: oneOf(['Suspended', 'Drifted'], {
      description:
        'Suspended: spec.suspend. Drifted: what the decision was taken on no longer held, and spec.onDrift is Suspend.',
    }),
    requestedAt: time({ description: 'When it was decided.' }),
    rbacRemovedAt: optional(
      time({ description: 'When the last binding was gone: from then on the API server refuses.' }),
    ),
    verifiedAt: optional(
      time({
        description:
          'When it was looked: every Role and binding gone, and what the envelope allowed refused.',
      }),
    ),
  },
  { description: 'While the grant is suspended: why, and since when it holds nothing.' },
);

const revocation = record(
  {
    reason: text({
      maxLength: 64,
      description: 'Why rights ended: Completed, PodsUsedUp, Expired, Revoked, Deleted, Denied or Drifted.',
    }),
    requestedAt: time({ description: 'When the end was decided.' }),
    rbacRemovedAt: optional(
      time({ description: 'When the last binding was gone: from then on the API server refuses.' }),
    ),
    identityRemovedAt: optional(
      time({
        description:
          'When the service account was gone: its tokens are refused from then on, at the latest 10 seconds later (the API server’s token cache).',
      }),
    ),
    verifiedAt: optional(
      time({
        description: 'When it was looked: every inventory entry gone, and what the envelope allowed refused.',
      }),
    ),
  },
  { description: 'The receipt.' },
);

/** Between its activation and its end, a grant is one of these. */
const HAS_BEEN_ACTIVE = ['Active', 'Suspended'] as const satisfies readonly Phase[];
const BEFORE_ACTIVE = ['Pending', 'AwaitingApproval'] as const satisfies readonly Phase[];

const status = record(
  {
    phase: optional(
      withRules(oneOf(PHASES, { description: 'Where the grant stands.' }), [
        {
          rule: `!(oldSelf in ${JSON.stringify(FINAL_PHASES)}) || self == oldSelf`,
          message: 'a finished grant stays finished',
        },
        {
          rule: `oldSelf != 'Revoking' || self in ${JSON.stringify(['Revoking', ...FINAL_PHASES])}`,
          message: 'a revocation that has begun is finished, never taken back',
        },
        {
          rule: `!(oldSelf in ${JSON.stringify(HAS_BEEN_ACTIVE)}) || !(self in ${JSON.stringify(BEFORE_ACTIVE)})`,
          message: 'a grant that has been active never waits to become so again',
        },
        {
          rule: `self != 'Suspended' || oldSelf in ${JSON.stringify(HAS_BEEN_ACTIVE)}`,
          message: 'only a grant that is active can be suspended',
        },
      ]),
    ),
    observedGeneration: optional(
      integer({
        minimum: 0,
        maximum: 2_147_483_647,
        description: 'The generation that this status is about.',
      }),
    ),
    conditions: optional(
      conditions(GRANT_CONDITIONS, Object.keys(GRANT_REASONS) as GrantReason[], {
        description: 'Aspects of the current state.',
      }),
    ),
    serviceAccountName: optional(
      withRules(
        text({
          maxLength: 63,
          description: 'The service account made for this grant; its name is never used twice.',
        }),
        [{ rule: 'self == oldSelf', message: 'a grant has one service account in its life' }],
      ),
    ),
    activatedAt: optional(
      withRules(time({ description: 'When the grant became active.' }), [
        { rule: 'self == oldSelf', message: 'a grant is activated once' },
      ]),
    ),
    expiresAt: optional(time({ description: 'When it ends, whatever happens.' })),
    finishedAt: optional(time({ description: 'When it reached a final phase.' })),
    pods: optional(
      mapBy('uid', podRecord, { maxItems: 1100, description: 'Every pod that ran under the grant.' }),
    ),
    podsUsed: optional(
      text({ maxLength: 16, description: 'Pods used and allowed, as in "1/3": what kubectl get shows.' }),
    ),
    inventory: optional(
      list(inventoryItem, {
        maxItems: 1024,
        description: 'Everything that was created for the grant, written before it is relied upon.',
      }),
    ),
    risk: optional(
      record(
        {
          level: oneOf(RISK_LEVELS, {
            description: 'The worst of the findings.',
          }),
          findings: list(
            record(
              {
                code: text({ maxLength: 64, description: 'What was found.' }),
                message: text({ maxLength: 1024, description: 'What it means.' }),
              },
              { description: 'One finding.' },
            ),
            { maxItems: 64, description: 'Why.' },
          ),
        },
        {
          description:
            'How far the rights of the identity lead: those of its envelope, and what the RBAC of the cluster gives it besides.',
        },
      ),
    ),
    suspension: optional(suspension),
    revocation: optional(revocation),
    decision: optional(
      record(
        {
          id: text({ maxLength: 64, description: 'The decision’s id.' }),
          digest: text({
            maxLength: 128,
            description: 'SHA-256 over the canonical JSON of what it was taken on.',
          }),
        },
        { description: 'The decision under which everything above was issued.' },
      ),
    ),
  },
  {
    description: 'What the controller did and saw.',
    'x-kubernetes-validations': [
      {
        rule: '!has(oldSelf.phase) || has(self.phase)',
        message: 'a phase is never forgotten',
      },
      {
        rule: '!has(oldSelf.serviceAccountName) || has(self.serviceAccountName) || !has(oldSelf.activatedAt)',
        message: 'a grant has one service account from its activation on',
      },
      { rule: '!has(oldSelf.activatedAt) || has(self.activatedAt)', message: 'a grant is activated once' },
    ],
  },
);

/** As serviceAccountNameFor gives it (core/names.ts). */
const ACCOUNT_IS_ITS_OWN = [
  `self.status.serviceAccountName.startsWith('${SERVICE_ACCOUNT_PREFIX}' + self.metadata.name + '-')`,
  `self.status.serviceAccountName.substring(('${SERVICE_ACCOUNT_PREFIX}' + self.metadata.name + '-').size()).matches('^${SUFFIX_PATTERN}$')`,
].join(' && ');

/** The whole kind, as the CRD has it. */
export const taskGrantSchema = {
  spec,
  status,
  /** On the object itself: the only place from which a rule can see metadata.name. */
  rules: [
    {
      rule: `self.metadata.name.size() <= ${String(MAX_GRANT_NAME_LENGTH)}`,
      message: `metadata.name must be at most ${String(MAX_GRANT_NAME_LENGTH)} characters, so that the names derived from it fit; choose a shorter one`,
    },
    {
      // Whoever has stolen the controller's token cannot have another account of the namespace taken for a grant's.
      rule: `!has(self.status) || !has(self.status.serviceAccountName) || (${ACCOUNT_IS_ITS_OWN})`,
      message: `status.serviceAccountName must be ${SERVICE_ACCOUNT_PREFIX}<name of the grant>-<${SUFFIX_LENGTH} random characters>`,
    },
  ] satisfies CelRule[],
};

/** As stored: the API server has filled in the defaults (withDefaults does so where there is none). */
export type TaskGrantSpec = Static<typeof spec>;
export type TaskGrantStatus = Static<typeof status>;
export type Envelope = Static<typeof envelope>;
export type KubernetesRule = Static<typeof kubernetesRule>;
export type GrantedToken = Static<typeof token>;
export type InventoryItem = Static<typeof inventoryItem>;
export type PodRecord = Static<typeof podRecord>;
export type Suspension = Static<typeof suspension>;
export type Revocation = Static<typeof revocation>;
export type RequestedBy = Static<typeof requestedBy>;
export type Approval = Static<typeof approval>;
export type GrantCondition = NonNullable<TaskGrantStatus['conditions']>[number];

export interface TaskGrant {
  apiVersion: typeof API_VERSION;
  kind: 'TaskGrant';
  metadata: ObjectMeta & { name: string; namespace: string };
  spec: TaskGrantSpec;
  status?: TaskGrantStatus;
}
