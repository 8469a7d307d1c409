/** The rules of the chart's Roles as templates, for the Roles that stand beside the accounts they are for. */
import { HOLDERS, ruleOf } from './holders.ts';
import type { Entry, OwnRole } from './right.ts';

const NOTICE = '{{- /* Generated from scripts/rights by `npm run generate`; do not edit. */}}\n';

/** What a Role includes to have these rules. */
export function templateOf({ name }: OwnRole): string {
  return `taskgrant.rights.${name}`;
}

export function rightsTemplate(): string {
  return NOTICE + HOLDERS.flatMap(({ roles }) => roles.map(definitionOf)).join('');
}

function definitionOf(role: OwnRole): string {
  const rules = role.entries.map((entry) => commentOf(entry) + yamlOf(entry)).join('');
  return `
{{- define "${templateOf(role)}" -}}
{{- $name := include "taskgrant.fullname" . -}}
${rules}{{- end }}
`;
}

const LINE = 120;

/** In lines that can be read. */
function commentOf({ because }: Entry): string {
  const lines = [''];
  for (const word of because.split(' ')) {
    const last = lines.length - 1;
    if (`${lines[last] ?? ''} ${word}`.length > LINE) lines.push(word);
    else lines[last] = `${lines[last] ?? ''} ${word}`.trimStart();
  }
  return lines.map((line) => `# ${line}\n`).join('');
}

function yamlOf(entry: Entry): string {
  const rule = ruleOf(entry, { name: '{{ $name }}' });
  const lines = (['apiGroups', 'resources', 'resourceNames', 'verbs'] as const).flatMap((field) => {
    const words = rule[field];
    return words ? [`${field}: [${words.map(quoted).join(', ')}]`] : [];
  });
  return `- ${lines.join('\n  ')}\n`;
}

/** With quotation marks where YAML, or a reader, might take the word for something else. */
function quoted(word: string): string {
  return /^[a-z][a-z0-9./-]*$/.test(word) ? word : `'${word}'`;
}
