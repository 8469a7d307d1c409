/** The kinds of objects that matter here, and what of each has to be as it should for anything to be said about it. */
import { z } from 'zod';
import { API_VERSION, GROUP } from '../api/group.ts';
import { WORKLOAD_KINDS } from '../core/identity/workload.ts';
import { nearestOf } from '../core/nearest.ts';
import { isRecord } from '../core/record.ts';
import { isBuiltIn } from '../core/rules/unknown.ts';

/** What every object has. */
const metadata = z.looseObject({
  name: z.string().optional(),
  generateName: z.string().optional(),
  namespace: z.string().optional(),
  labels: z.looseObject({}).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

const object = z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata: metadata.optional() });

const named = z.looseObject({ name: z.string().optional() });

const claimSpec = z.looseObject({
  volumeName: z.string().optional(),
  storageClassName: z.string().optional(),
});

const deviceRequest = z.looseObject({ deviceClassName: z.string(), adminAccess: z.boolean().optional() });
const deviceClaimSpec = z.looseObject({
  devices: z
    .looseObject({
      requests: z
        .array(
          z.looseObject({
            exactly: deviceRequest.optional(),
            firstAvailable: z.array(deviceRequest).optional(),
          }),
        )
        .optional(),
    })
    .optional(),
});

interface KnownKind {
  group: string;
  namespaced: boolean;
  shape: z.ZodType;
}

const kind = (group: string, scope: 'Namespaced' | 'Cluster', fields: z.ZodRawShape = {}): KnownKind => ({
  group,
  namespaced: scope === 'Namespaced',
  shape: object.extend(fields),
});

const GROUP_OF_WORKLOAD: Readonly<Record<string, string>> = {
  CronJob: 'batch',
  Job: 'batch',
  PodTemplate: '',
  ReplicationController: '',
};

const words = z.array(z.string()).nullish();
/** As in a Role, a list that is left out being as an empty one. */
const rules = z
  .array(
    z.looseObject({
      apiGroups: words,
      resources: words,
      resourceNames: words,
      nonResourceURLs: words,
      verbs: z.array(z.string()),
    }),
  )
  .nullish();
const selector = z.looseObject({
  matchLabels: z.record(z.string(), z.string()).nullish(),
  matchExpressions: z
    .array(z.looseObject({ key: z.string(), operator: z.string(), values: words }))
    .nullish(),
});

/** By their names. What else there is in a file is none of our business, and may be of any shape. */
const KNOWN: ReadonlyMap<string, KnownKind> = new Map([
  ...WORKLOAD_KINDS.map((name) => [name, kind(GROUP_OF_WORKLOAD[name] ?? 'apps', 'Namespaced')] as const),
  ['Pod', kind('', 'Namespaced')],
  ['TaskGrant', kind(GROUP, 'Namespaced')],
  ['TaskGrantClass', kind(GROUP, 'Cluster')],
  ['Namespace', kind('', 'Cluster')],
  ['Role', kind('rbac.authorization.k8s.io', 'Namespaced', { rules })],
  [
    'ClusterRole',
    kind('rbac.authorization.k8s.io', 'Cluster', {
      rules,
      aggregationRule: z.looseObject({ clusterRoleSelectors: z.array(selector).nullish() }).nullish(),
    }),
  ],
  [
    'ServiceAccount',
    kind('', 'Namespaced', {
      automountServiceAccountToken: z.boolean().optional(),
      imagePullSecrets: z.array(named).optional(),
    }),
  ],
  ['PersistentVolumeClaim', kind('', 'Namespaced', { spec: claimSpec.optional() })],
  [
    'PersistentVolume',
    kind('', 'Cluster', {
      spec: z
        .looseObject({
          csi: z.looseObject({ driver: z.string() }).optional(),
          hostPath: z.looseObject({ path: z.string() }).optional(),
          local: z.looseObject({ path: z.string() }).optional(),
        })
        .optional(),
    }),
  ],
  ['StorageClass', kind('storage.k8s.io', 'Cluster', { provisioner: z.string() })],
  [
    'CSIDriver',
    kind('storage.k8s.io', 'Cluster', {
      spec: z.looseObject({
        tokenRequests: z
          .array(z.looseObject({ audience: z.string(), expirationSeconds: z.number().optional() }))
          .optional(),
      }),
    }),
  ],
  ['ResourceClaim', kind('resource.k8s.io', 'Namespaced', { spec: deviceClaimSpec })],
  [
    'ResourceClaimTemplate',
    kind('resource.k8s.io', 'Namespaced', { spec: z.looseObject({ spec: deviceClaimSpec }) }),
  ],
]);

/** The kind of an object, where it is one of these: a Job of another group is another kind. */
export function knownKind({ apiVersion, kind }: { apiVersion: string; kind: string }): KnownKind | undefined {
  const known = KNOWN.get(kind);
  return known?.group === groupOf(apiVersion) ? known : undefined;
}

/** `apps` of `apps/v1`; empty for the core group. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}

export interface ShapeFault {
  /** As JSON path. */
  path: string;
  message: string;
}

/** What of anything that came in place of an object is not as an object of its kind. */
export function shapeFaultsOf(value: unknown): ShapeFault[] {
  const isObject = object.safeParse(value);
  const shape = isObject.success ? knownKind(isObject.data)?.shape : object;
  const result = shape?.safeParse(value);
  return [
    ...(result?.error?.issues ?? []).map(({ path, message }) => ({
      path: pathOf(path),
      message: message.endsWith('received undefined') ? 'is missing' : message,
    })),
    ...(isObject.success ? [...unknownOfOurs(isObject.data), ...misspeltKind(isObject.data)] : []),
    ...(isObject.success ? misspeltFields(isObject.data) : []),
  ];
}

/** Of what there is in a group of Kubernetes, or of a group whose name is nearly one of these. What else there is may be anybody’s. */
function misspeltKind({ apiVersion, kind }: { apiVersion: string; kind: string }): ShapeFault[] {
  const group = groupOf(apiVersion);
  if (knownKind({ apiVersion, kind }) || group === GROUP) return [];
  const ofGroup = [...KNOWN].filter(([, known]) => known.group === group).map(([name]) => name);
  const meant = nearestOf(kind, ofGroup);
  if (meant !== undefined)
    return [{ path: 'kind', message: `there is no ${kind} in ${apiVersion}: write ${meant}` }];
  const known = KNOWN.get(kind);
  const isMisplaced = known && (isBuiltIn(group) || nearestOf(group, [known.group]) !== undefined);
  return isMisplaced
    ? [
        {
          path: 'apiVersion',
          message: `there is no ${kind} in ${apiVersion}: it is of ${known.group === '' ? 'v1' : `the group ${known.group}`}`,
        },
      ]
    : [];
}

/** Of what has rules, since one without them is one that gives nothing. */
const FIELDS_OF_ROLES: Readonly<Record<string, readonly string[]>> = {
  Role: ['rules'],
  ClusterRole: ['rules', 'aggregationRule'],
};
const FIELDS_OF_RULES = ['apiGroups', 'resources', 'resourceNames', 'nonResourceURLs', 'verbs'];

function misspeltFields(object: { apiVersion: string; kind: string; rules?: unknown }): ShapeFault[] {
  const fields = knownKind(object) && FIELDS_OF_ROLES[object.kind];
  if (!fields) return [];
  const rules: unknown[] = Array.isArray(object.rules) ? object.rules : [];
  return [
    ...misspeltIn(object, fields, ''),
    ...rules.flatMap((rule, index) =>
      isRecord(rule) ? misspeltIn(rule, FIELDS_OF_RULES, `rules[${index}].`) : [],
    ),
  ];
}

function misspeltIn(value: object, fields: readonly string[], path: string): ShapeFault[] {
  return Object.keys(value)
    .filter((field) => !fields.includes(field))
    .flatMap((field) => {
      const message = misspelt(field, fields);
      return message === undefined ? [] : [{ path: path + field, message }];
    });
}

/** What is said of a field that is not there and is nearly one that is; undefined of any other. */
export function misspelt(field: string, fields: readonly string[]): string | undefined {
  const meant = nearestOf(field, fields);
  return meant === undefined ? undefined : `no such field: did you mean ${meant}?`;
}

/** Of our own group there is nothing besides: an object that nobody knows would be none of our business. */
function unknownOfOurs({ apiVersion, kind }: { apiVersion: string; kind: string }): ShapeFault[] {
  if (groupOf(apiVersion) !== GROUP) return [];
  const kinds = [...KNOWN].filter(([, { group }]) => group === GROUP).map(([name]) => name);
  return [
    ...(apiVersion === API_VERSION
      ? []
      : [{ path: 'apiVersion', message: `there is no ${apiVersion}: write ${API_VERSION}` }]),
    ...(kinds.includes(kind)
      ? []
      : [{ path: 'kind', message: `there is no ${kind} in ${GROUP}: write ${kinds.join(' or ')}` }]),
  ];
}

function pathOf(steps: readonly PropertyKey[]): string {
  const parts = steps.map((step) =>
    typeof step === 'string' && /^\w+$/.test(step) ? `.${step}` : `[${String(step)}]`,
  );
  return parts.join('').replace(/^\./, '');
}
