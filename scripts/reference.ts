/** The pages of docs/reference, made from the code that they are about. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Registry, type MetricObject } from 'prom-client';
import { KINDS, structural, type StructuralSchema } from '../src/api/crd.ts';
import { GROUP, VERSION } from '../src/api/group.ts';
import { CLASS_REASONS, GRANT_CONDITIONS, GRANT_REASONS } from '../src/api/reasons.ts';
import type { CelRule } from '../src/api/schema.ts';
import { createControllerMetrics } from '../src/controller/metrics.ts';
import { VIOLATION_CODES } from '../src/core/decision/codes.ts';
import { floorPolicies } from '../src/core/floor/floor.ts';
import type { FloorPolicy } from '../src/core/floor/policy.ts';
import { EXTERNAL_KEYS } from '../src/core/identity/external-identity.ts';
import type { RightPattern } from '../src/core/rules/danger.ts';
import { FINDINGS_OF_ACCOUNTS } from '../src/core/rules/effective.ts';
import { ORDINARY_FINDINGS } from '../src/core/rules/ordinary.ts';
import { DANGERS } from '../src/core/rules/risk.ts';
import { createKubeMetrics } from '../src/kube/metrics.ts';
import { createWebhookMetrics } from '../src/webhook/metrics.ts';

/** The first line of a page. */
export const notice = (from: string) =>
  `<!-- Generated from ${from} by \`npm run generate\`; do not edit. -->\n`;

/** Every field of both kinds: its path, its type, its default and bounds, and what it is for. */
export function apiReference(): string {
  const kinds = KINDS.map(({ kind, plural, shortName, scope, schema, columns, selectableFields }) => {
    const rules = schema.rules.map(({ message = '' }) => `- ${message}`);
    return `## ${kind}

\`${GROUP}/${VERSION}\`, \`${plural}\` (short \`${shortName}\`), ${scope === 'Cluster' ? 'cluster-scoped' : 'namespaced'}.

${table(['Field', 'Type', 'What it is'], fieldsOf('spec', structural(schema.spec)))}
${table(['Field, written by the controller', 'Type', 'What it is'], fieldsOf('status', structural(schema.status)))}
${rules.length > 0 ? `Rules that hold for the object as a whole:\n\n${rules.join('\n')}\n\n` : ''}\`kubectl get ${plural}\` shows:

${table(
  ['Column', 'What it is'],
  columns.map(({ name, description, priority }) => [
    name.toUpperCase(),
    priority === 1 ? `${description} With \`-o wide\`.` : description,
  ]),
)}${selectableFields.length > 0 ? `\nField selectors: ${selectableFields.map((field) => code(field.slice(1))).join(', ')}.\n` : ''}`;
  });
  return `${notice('src/api')}# API reference

An asterisk marks what must be given. Everything that is bounded is bounded by the CRD itself, so the bounds hold with every pod of the
product down. Durations are hours, minutes and seconds (\`1h30m\`).

Of a TaskGrant's spec may change: \`duration\`, which may only shrink, \`revoke\`, \`suspend\` and \`approval\`. One grant is one decision: for
anything else, create a new one.

${kinds.join('\n')}`;
}

/** What holds by the API server alone. */
export function floorReference(): string {
  const policies = floorPolicies({ namespace: 'NAMESPACE', name: 'NAME', probeNamespace: 'PROBE' });
  const rowsOf = (some: readonly FloorPolicy[]) =>
    some.map(({ name, because, rules, validations }) => [
      code(`NAME-${name}`),
      because,
      rules.flatMap(({ resources }) => resources.map(code)).join(', '),
      validations.map(({ message }) => message).join('; '),
    ]);
  const [refusing, warning] = [
    policies.filter(({ action }) => !action),
    policies.filter(({ action }) => action),
  ];
  return `${notice('src/core/floor')}# The floor

ValidatingAdmissionPolicies of the chart that need no look-up and no process of the product: they hold with every pod of it down, and with
its webhook configurations edited away. \`NAME\` is that of the release's objects (\`taskgrant\`, mostly). An expression that cannot be evaluated is
a no (\`failurePolicy: Fail\`), but for two at the end.

${table(['Policy', 'What it is for', 'Requests', 'What is said to who is refused'], rowsOf(refusing))}

These refuse nothing, and only warn (\`validationActions: [Warn]\`, \`failurePolicy: Ignore\`):

${table(['Policy', 'What it is for', 'Requests', 'What is said'], rowsOf(warning))}

## Where no API request can remove it

From Kubernetes 1.37 (in 1.36 behind the feature gate \`ManifestBasedAdmissionControlConfig\`) the API server reads policies from files, too, and
those nobody can edit or delete through the API, cluster admins included (KEP-5793). \`taskgrant manifests\` prints the same policies for that:

\`\`\`sh
taskgrant manifests --namespace taskgrant-system --name taskgrant > floor.yaml
\`\`\`

Put the file into a directory of every API server's machine, name the directory in the file that \`--admission-control-config-file\` names, and
restart the API servers:

\`\`\`yaml
apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
  - name: ValidatingAdmissionPolicy
    configuration:
      apiVersion: apiserver.config.k8s.io/v1
      kind: ValidatingAdmissionPolicyConfiguration
      staticManifestsDir: /etc/kubernetes/admission/taskgrant
\`\`\`

An upgrade of the product may bring another floor: write the file anew then. The API server notices a changed file by itself.
`;
}

/** By what other identity systems know pods and their accounts. */
export function externalIdentityReference(): string {
  const where = {
    annotation: 'annotation of the pod',
    label: 'label of the pod',
    account: 'annotation of the service account',
  };
  const rows = EXTERNAL_KEYS.map(({ key, on, system, off = [] }) => [
    code(key),
    where[on],
    system,
    off.map(code).join(', '),
  ]);
  return `${notice('src/core/identity/external-identity.ts')}# Other identity systems

A pod that carries one of these asks another system for an identity. It may where the grant's \`spec.envelope.externalIdentity\` says the key
with just this value; what belongs on the service account is put there when the grant is activated. A value that switches the thing off is
harmless. A \`*\` stands for whatever follows. \`externalIdentity\` in the chart's values adds to the list.

${table(['Key', 'Where', 'System', 'Off'], rows)}`;
}

/** Every code of a denial and every reason of a condition. */
export function reasonsReference(): string {
  const codes = Object.entries(VIOLATION_CODES).map(
    ([name, { means, because, remedy }]) =>
      `### ${name}\n\n${means}\n\n${because}\n\n**Remedy.** ${remedy}\n`,
  );
  return `${notice('src/core/decision/codes.ts and src/api/reasons.ts')}# Reasons

## Of a denial

What is refused at the door is refused with every reason at once, a line each, in the order of their paths. Where the grant is not there or not active
that comes first, and is all that can be said:

\`\`\`text
CODE path: asked X, the grant allows Y; what to do
\`\`\`

Codes are never renamed and never given another meaning.

${codes.join('\n')}
## Of a TaskGrant's conditions

Condition types: ${GRANT_CONDITIONS.join(', ')}.

${table(['Reason', 'What it says'], Object.entries(GRANT_REASONS))}
## Of a TaskGrantClass's conditions

${table(['Reason', 'What it says'], Object.entries(CLASS_REASONS))}`;
}

/** Everything that lint finds: the rights that lead to it, and why. */
export function risksReference(): string {
  const dangers = DANGERS.map(({ code: name, rights, together = [], level, everywhere, ...danger }) => {
    const of = (patterns: readonly RightPattern[]) =>
      patterns.map((pattern) => `- ${rightsOf(pattern)}\n`).join('');
    const lists = [rights, ...together].filter((patterns) => patterns.length > 0).map(of);
    const those = lists.join(together.length > 0 ? '\ntogether with any of\n\n' : '');
    const where = level === everywhere ? level : `${level} in a namespace, ${everywhere} in all`;
    return `### ${name}\n\n${where}: ${danger.means}.\n\n${danger.because} [More](${danger.reference}).\n\n${those}`;
  });
  const ordinary = Object.entries(ORDINARY_FINDINGS).map(([name, { means, because, reference }]) => [
    code(name),
    `${means}. ${because} [More](${reference}).`,
  ]);
  return `${notice('src/core/rules')}# Risks

How \`kubectl taskgrant lint\` and \`status.risk\` rate rights, by what their holder can do with them beyond what they say:

${table(
  ['Level', 'What it means'],
  [
    ['None', 'What every authenticated identity has anyway.'],
    ['Low', 'Narrow reads and writes that lead nowhere.'],
    [
      'Medium',
      'Reads in which credentials turn up by accident, harm to others’ work, or writes of which nobody knows what comes of them.',
    ],
    ['High', 'Rights beyond the rule.'],
    ['Critical', 'Such rights in the whole cluster, on nodes, or as anybody.'],
  ],
)}
Rules are rated together, and the worst counts. Wildcards reach what they reach at the API server: \`*\` every resource with every subresource,
\`*/exec\` that subresource of any. The levels are of the oldest Kubernetes that is supported: until 1.35 the verb \`get\` was enough for exec. A kind of
a third party is known as it was in November 2026; what is on no list counts as one of which nobody knows.

## What leads further

${dangers.join('\n')}
## Medium, of all else

${table(['Code', 'What its holder does'], ordinary)}
## Of a grant's account

In \`status.risk\` of a TaskGrant stands what its identity can really do: the envelope's rules, and what RBAC gives the account besides, each
finding with the binding that it comes from. Besides what rights lead to, that is:

${table(
  ['Code', 'What it says'],
  Object.entries(FINDINGS_OF_ACCOUNTS).map(([name, means]) => [code(name), means]),
)}`;
}

function rightsOf({ apiGroup, resources, verbs = ['*'], ...limits }: RightPattern): string {
  const { writtenOut, names, named, namespaces } = limits;
  const what = `${verbs.map(code).join(', ')} on ${resources.map(code).join(', ')}`;
  const group = apiGroup === '' ? 'the core group' : apiGroup === '*' ? 'any group' : code(apiGroup);
  const which = names ? `, ${named ? 'named' : 'all or named'} ${names.map(code).join(', ')}` : '';
  const where = namespaces ? `, in ${namespaces.map(code).join(', ')}` : '';
  return `${what} of ${group}${which}${where}${writtenOut ? ', written out' : ''}`;
}

/** Every metric of each process but those of Node.js itself. */
export function metricsReference(): string {
  const kube = metricsOf((registry) => createKubeMetrics(registry));
  const controller = metricsOf((registry) =>
    createControllerMetrics(
      registry,
      () => [],
      () => 0,
    ),
  );
  const webhook = metricsOf((registry) => createWebhookMetrics(registry));
  return `${notice('the code that registers them')}# Metrics

Port 8080 of every pod, \`/metrics\`; beside them are \`/livez\` and \`/readyz\`. No label ever holds the name of an object, but for
those of a release that guard its grants.

What to alert on: \`taskgrant_overdue_seconds\` above a few seconds (rights outlive their time), \`taskgrant_enforcement_proven\` at 0
(nothing becomes active), \`taskgrant_tampered\` at 1 (something that guards grants is not as it was installed), \`taskgrant_admission_decisions_total{decision="failed"}\` growing,
\`taskgrant_webhook_certificate_expiration_timestamp_seconds\` coming near, \`taskgrant_webhook_certificate_unusable\` at 1 for longer than a
minute, and \`taskgrant_certificates_made_total\` growing for any reason but \`Due\` and \`NewAuthority\`
([certificates](../../charts/taskgrant/README.md#certificates)).

## Of the controller

${controller}
## Of the webhook

${webhook}
## Of both

${kube}
Also the default metrics of Node.js (\`process_*\`, \`nodejs_*\`).
`;
}

/** What each command of the image says of itself. */
export async function flagsReference(): Promise<string> {
  const commands = ['controller', 'webhook', 'crds', 'drain'];
  const help = await Promise.all(
    [[], ...commands.map((command) => [command])].map(async (command) => {
      const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
      const { stdout } = await promisify(execFile)(process.execPath, [main, ...command, '--help'], {
        env: { ...process.env, NO_COLOR: '1' },
      });
      return `## ${['taskgrant', ...command].join(' ')}\n\n\`\`\`text\n${stdout.trimEnd()}\n\`\`\`\n`;
    }),
  );
  return `${notice('src/main.ts')}# Commands and flags

The chart sets them; they are here for those who look at a pod's arguments.

${help.join('\n')}`;
}

function* rowsOf(path: string, schema: StructuralSchema, required: boolean): Generator<string[]> {
  yield [code(path) + (required ? ' \\*' : ''), typeOf(schema), described(schema)];
  yield* fieldsOf(path, schema);
  if (schema.items) yield* fieldsOf(`${path}[]`, schema.items);
}

function* fieldsOf(path: string, { properties = {}, required = [] }: StructuralSchema): Generator<string[]> {
  for (const [name, property] of Object.entries(properties)) {
    yield* rowsOf(`${path}.${name}`, property, required.includes(name));
  }
}

function typeOf(schema: StructuralSchema): string {
  if (schema.enum) return schema.enum.map(code).join(', ');
  if (schema.type === 'array') return `list of ${schema.items ? typeOf(schema.items) : 'anything'}`;
  if (schema.additionalProperties) return `map to ${typeOf(schema.additionalProperties)}`;
  return schema['format'] === 'date-time' ? 'time' : (schema.type ?? 'anything');
}

/** With default and bounds, and the words of every rule in CEL. */
function described(schema: StructuralSchema): string {
  const { minimum, maximum, minItems, maxItems, maxLength } = schema as Record<string, number | undefined>;
  const rules = (schema['x-kubernetes-validations'] as CelRule[] | undefined) ?? [];
  const parts = [
    schema.description,
    schema.default === undefined ? undefined : `Default: ${code(JSON.stringify(schema.default))}.`,
    minimum !== undefined && maximum !== undefined && maximum < 2 ** 31 - 1
      ? `From ${minimum} to ${maximum}.`
      : undefined,
    maxItems === undefined
      ? undefined
      : `${minItems ? `From ${minItems} to` : 'At most'} ${maxItems} entries.`,
    maxLength === undefined || schema['format'] === 'date-time'
      ? undefined
      : `At most ${maxLength} characters.`,
    ...rules.filter(({ rule }) => rule !== 'self == oldSelf').map(({ message = '' }) => sentence(message)),
  ];
  return parts.filter((part) => part !== undefined && part !== '').join(' ');
}

function sentence(message: string): string {
  return message === '' ? '' : `${message.charAt(0).toUpperCase()}${message.slice(1).replace(/\.$/, '')}.`;
}

function metricsOf(register: (registry: Registry) => void): string {
  const registry = new Registry();
  register(registry);
  const metrics = registry.getMetricsAsArray() as (MetricObject & { labelNames?: string[] })[];
  const rows = metrics
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, type, labelNames = [], help }) => [
      code(name),
      String(type),
      labelNames.map(code).join(', '),
      help,
    ]);
  return table(['Metric', 'Type', 'Labels', 'What it is'], rows);
}

export const code = (text: string) => `\`${text}\``;

/** A table of Markdown. */
export function table(head: readonly string[], rows: Iterable<readonly string[]>): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + [...rows].map(line).join('');
}

/** A bar would end the cell, and an angle bracket would begin a tag. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;');
}
