/** TaskGrantClass: the ceiling that cluster admins set. */
import type { API_VERSION } from './group.ts';
import type { ObjectMeta } from './kubernetes.ts';
import { CLASS_CONDITIONS, CLASS_REASONS, type ClassReason } from './reasons.ts';
import { RISK_LEVELS } from './risk-level.ts';
import {
  conditions,
  duration,
  flag,
  integer,
  list,
  oneOf,
  optional,
  record,
  set,
  stringMap,
  text,
  type Static,
} from './schema.ts';
import {
  MAX_CERTIFICATE_SECONDS,
  MAX_TOKEN_SECONDS,
  MIN_CERTIFICATE_SECONDS,
  MIN_TOKEN_SECONDS,
} from './taskgrant.ts';

const labelSelector = record(
  {
    matchLabels: optional(
      stringMap({ maxProperties: 32, maxLength: 63, description: 'Labels and their values.' }),
    ),
    matchExpressions: optional(
      list(
        record(
          {
            key: text({ minLength: 1, maxLength: 317, description: 'A label.' }),
            operator: oneOf(['In', 'NotIn', 'Exists', 'DoesNotExist'], {
              description: 'As in metav1.LabelSelector.',
            }),
            values: optional(
              list(text({ maxLength: 63, description: 'A value.' }), {
                maxItems: 32,
                description: 'Values.',
              }),
            ),
          },
          { description: 'One requirement.' },
        ),
        { maxItems: 16, description: 'Requirements; all must hold.' },
      ),
    ),
  },
  {
    description:
      'In which namespaces grants of the class may be, by their labels; in all where omitted. A namespace that no longer fits ends its active grants, or suspends them, as their spec.onDrift says.',
  },
);

const grantor = record(
  {
    namespace: text({ minLength: 1, maxLength: 63, description: 'Its namespace.' }),
    name: text({ minLength: 1, maxLength: 253, description: 'Its name.' }),
  },
  {
    description:
      'The service account as which Roles are written: what it may do is the ceiling, held by the API server’s own escalation check.',
  },
);

const name = text({ minLength: 1, maxLength: 571, description: 'A name, with globs.' });

const ceiling = record(
  {
    tokens: optional(
      list(
        record(
          {
            audience: optional(
              text({
                minLength: 1,
                maxLength: 512,
                description:
                  'An audience, with globs; the API server’s own where omitted, which a glob that matches one of its names covers as well.',
              }),
            ),
            expirationSeconds: integer({
              minimum: MIN_TOKEN_SECONDS,
              maximum: MAX_TOKEN_SECONDS,
              description: 'The longest lifetime of its tokens.',
            }),
          },
          { description: 'One kind of token.' },
        ),
        { maxItems: 64, description: 'Tokens that envelopes may have; none where omitted.' },
      ),
    ),
    secrets: optional(
      set(name, { maxItems: 64, description: 'Secrets that envelopes may have; none where omitted.' }),
    ),
    certificates: optional(
      list(
        record(
          {
            signerName: text({ minLength: 1, maxLength: 571, description: 'A signer, with globs.' }),
            maxExpirationSeconds: integer({
              minimum: MIN_CERTIFICATE_SECONDS,
              maximum: MAX_CERTIFICATE_SECONDS,
              description: 'The longest life of its certificates.',
            }),
            userAnnotations: optional(
              stringMap({
                maxProperties: 32,
                maxLength: 1024,
                description: 'User annotations that may be asked for: key to a value with globs.',
              }),
            ),
          },
          { description: 'One kind of certificate; an envelope’s is within it with everything it asks for.' },
        ),
        { maxItems: 32, description: 'Pod certificates that envelopes may have; none where omitted.' },
      ),
    ),
    csiDrivers: optional(
      set(name, { maxItems: 64, description: 'CSI drivers that envelopes may have; none where omitted.' }),
    ),
    externalIdentity: optional(
      stringMap({
        maxProperties: 64,
        maxLength: 1024,
        description:
          'Other identity systems’ annotations and labels that envelopes may have: key to a value with globs; none where omitted.',
      }),
    ),
    deviceClasses: optional(
      set(name, {
        maxItems: 64,
        description: 'What spec.workload.deviceClasses of a grant may name; nothing where omitted.',
      }),
    ),
  },
  {
    description:
      'What is not RBAC, in the shape of a grant’s envelope. Where it is omitted altogether, the class bounds none of that; where it is there, what it does not name is not allowed, so that {} allows nothing. Names are globs: * stays within one path segment, ** crosses them.',
  },
);

const spec = record(
  {
    namespaceSelector: optional(labelSelector),
    authorization: oneOf(['Ceiling', 'RequesterHolds'], {
      default: 'RequesterHolds',
      description: 'Ceiling: what the grantor holds. RequesterHolds: that, and what the requester holds too.',
    }),
    grantor,
    ceiling: optional(ceiling),
    limits: optional(
      record(
        {
          maxDuration: optional(duration({ description: 'The longest spec.duration.' })),
          maxPods: optional(
            integer({ minimum: 1, maximum: 1000, description: 'The largest spec.workload.maxPods.' }),
          ),
          maxTokenSeconds: optional(
            integer({ minimum: 600, maximum: 86_400, description: 'The longest lifetime of a token.' }),
          ),
          maxDelegationDepth: optional(
            integer({ minimum: 0, maximum: 16, description: 'The largest spec.delegation.maxDepth.' }),
          ),
          maxActivePerNamespace: optional(
            integer({
              minimum: 1,
              maximum: 100_000,
              description: 'How many grants of the class may be unfinished in one namespace.',
            }),
          ),
          maxRisk: optional(
            oneOf(RISK_LEVELS, {
              description: 'The worst level of an envelope’s rules: what is rated worse is refused.',
            }),
          ),
        },
        { description: 'What a grant of the class must not exceed.' },
      ),
    ),
    requireImageDigest: flag({
      default: false,
      description:
        'Whether every pattern of spec.workload.images must have a digest part, so that no pod runs an image that is not pinned.',
    }),
    approval: optional(
      record(
        {
          requiredAtRisk: oneOf(RISK_LEVELS, {
            description: 'From this level of its envelope’s rules on a grant needs approval.',
          }),
          maxWait: duration({
            default: '24h',
            description: 'How long a grant waits for approval, from its creation. Then it is denied.',
          }),
        },
        { description: 'Which grants somebody else has to approve, who has the verb approve on the class.' },
      ),
    ),
    validations: optional(
      list(
        record(
          {
            expression: text({
              minLength: 1,
              maxLength: 10_240,
              description:
                'CEL over grant, requester and namespaceObject, with a bool as result; see docs/cel.md.',
            }),
            message: optional(text({ maxLength: 1024, description: 'What to say when it is false.' })),
          },
          { description: 'One validation.' },
        ),
        {
          maxItems: 32,
          description:
            'CEL that every grant of the class must satisfy: at its creation, at its activation, and whenever the class or the labels of the namespace change.',
        },
      ),
    ),
  },
  { description: 'The ceiling for grants of the class.' },
);

const status = record(
  {
    conditions: optional(
      conditions(CLASS_CONDITIONS, Object.keys(CLASS_REASONS) as ClassReason[], {
        description: 'Aspects of the current state.',
      }),
    ),
  },
  { description: 'What the controller thinks of the class.' },
);

export const taskGrantClassSchema = { spec, status, rules: [] };

export type TaskGrantClassSpec = Static<typeof spec>;
export type Ceiling = Static<typeof ceiling>;
export type TaskGrantClassStatus = Static<typeof status>;

export interface TaskGrantClass {
  apiVersion: typeof API_VERSION;
  kind: 'TaskGrantClass';
  metadata: ObjectMeta & { name: string };
  spec: TaskGrantClassSpec;
  status?: TaskGrantClassStatus;
}
