/** The CRDs, made from the schemas: `npm run generate` writes them to crds/ and into the chart. */
import { GROUP, VERSION } from './group.ts';
import type { CelRule, TSchema } from './schema.ts';
import { taskGrantSchema } from './taskgrant.ts';
import { taskGrantClassSchema } from './taskgrantclass.ts';

/** A structural schema (JSONSchemaProps), as plain JSON. */
export interface StructuralSchema {
  type?: string;
  description?: string;
  properties?: Record<string, StructuralSchema>;
  additionalProperties?: StructuralSchema;
  items?: StructuralSchema;
  required?: string[];
  default?: unknown;
  enum?: string[];
  [keyword: string]: unknown;
}

/**
 * A TypeBox schema as a structural one. The one difference: what has a default is not required, because the API
 * server fills it in, while in TypeScript it is always there.
 */
export function structural(schema: TSchema): StructuralSchema {
  // A round trip through JSON leaves TypeBox's own symbols and hidden properties behind.
  return optionalWhereDefaulted(JSON.parse(JSON.stringify(schema)) as StructuralSchema);
}

function optionalWhereDefaulted(schema: StructuralSchema): StructuralSchema {
  const { properties, required, items, additionalProperties, ...rest } = schema;
  const stillRequired = required?.filter((name) => properties?.[name]?.default === undefined) ?? [];
  return {
    ...rest,
    ...(stillRequired.length > 0 && { required: stillRequired }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, property]) => [name, optionalWhereDefaulted(property)]),
      ),
    }),
    ...(items && { items: optionalWhereDefaulted(items) }),
    ...(additionalProperties && { additionalProperties: optionalWhereDefaulted(additionalProperties) }),
  };
}

interface PrinterColumn {
  name: string;
  type: 'string' | 'integer' | 'date';
  jsonPath: string;
  description: string;
  /** 0 shows always, 1 with -o wide. */
  priority?: 1;
}

interface Kind {
  kind: string;
  plural: string;
  shortName: string;
  scope: 'Namespaced' | 'Cluster';
  schema: { spec: TSchema; status: TSchema; rules: CelRule[] };
  columns: PrinterColumn[];
  selectableFields: string[];
}

export const KINDS: readonly Kind[] = [
  {
    kind: 'TaskGrant',
    plural: 'taskgrants',
    shortName: 'tg',
    scope: 'Namespaced',
    schema: taskGrantSchema,
    columns: [
      { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'Where the grant stands.' },
      { name: 'Class', type: 'string', jsonPath: '.spec.className', description: 'Its TaskGrantClass.' },
      { name: 'Pods', type: 'string', jsonPath: '.status.podsUsed', description: 'Pods used and allowed.' },
      {
        name: 'Risk',
        type: 'string',
        jsonPath: '.status.risk.level',
        description: 'What the identity could do beyond its rules.',
      },
      // A column of type date would print times to come as <invalid>.
      {
        name: 'Expires',
        type: 'string',
        jsonPath: '.status.expiresAt',
        description: 'When it ends, whatever happens.',
      },
      {
        name: 'Age',
        type: 'date',
        jsonPath: '.metadata.creationTimestamp',
        description: 'Time since its creation.',
      },
      {
        name: 'ServiceAccount',
        type: 'string',
        jsonPath: '.status.serviceAccountName',
        description: 'The identity.',
        priority: 1,
      },
      {
        name: 'Intent',
        type: 'string',
        jsonPath: '.spec.task.intent',
        description: 'What the task is for.',
        priority: 1,
      },
      {
        name: 'Reason',
        type: 'string',
        jsonPath: '.status.conditions[?(@.type=="Active")].reason',
        description: 'Why it is in this phase.',
        priority: 1,
      },
    ],
    selectableFields: ['.spec.className', '.spec.parentRef.name', '.status.phase'],
  },
  {
    kind: 'TaskGrantClass',
    plural: 'taskgrantclasses',
    shortName: 'tgc',
    scope: 'Cluster',
    schema: taskGrantClassSchema,
    columns: [
      {
        name: 'Authorization',
        type: 'string',
        jsonPath: '.spec.authorization',
        description: 'Ceiling or RequesterHolds.',
      },
      {
        name: 'Grantor',
        type: 'string',
        jsonPath: '.spec.grantor.name',
        description: 'Whose rights are the ceiling.',
      },
      {
        name: 'MaxDuration',
        type: 'string',
        jsonPath: '.spec.limits.maxDuration',
        description: 'The longest grant.',
      },
      {
        name: 'Accepted',
        type: 'string',
        jsonPath: '.status.conditions[?(@.type=="Accepted")].status',
        description: 'Whether this version can enforce the class.',
      },
      {
        name: 'GrantorUsable',
        type: 'string',
        jsonPath: '.status.conditions[?(@.type=="GrantorUsable")].status',
        description: 'Whether the controller may act as the grantor: without it no rights are given.',
      },
      {
        name: 'Age',
        type: 'date',
        jsonPath: '.metadata.creationTimestamp',
        description: 'Time since its creation.',
      },
    ],
    selectableFields: [],
  },
];

/** A CustomResourceDefinition (apiextensions.k8s.io/v1) as plain JSON. */
export function customResourceDefinition(kind: Kind): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${kind.plural}.${GROUP}`,
      labels: { 'app.kubernetes.io/name': 'taskgrant', 'app.kubernetes.io/part-of': 'taskgrant' },
    },
    spec: {
      group: GROUP,
      scope: kind.scope,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.kind.toLowerCase(),
        shortNames: [kind.shortName],
        // Both kinds at once. Not `taskgrant`: kubectl expands a category first, so `get taskgrant NAME` would name two kinds.
        categories: ['taskgrant-dev'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: kind.columns,
          ...(kind.selectableFields.length > 0 && {
            selectableFields: kind.selectableFields.map((jsonPath) => ({ jsonPath })),
          }),
          schema: {
            openAPIV3Schema: {
              type: 'object',
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec: structural(kind.schema.spec),
                status: structural(kind.schema.status),
              },
              ...(kind.schema.rules.length > 0 && { 'x-kubernetes-validations': kind.schema.rules }),
            },
          },
        },
      ],
    },
  };
}
