/** docs/reference/stolen-credentials.md: what whoever steals a token of the product has. */
import { renderKind, type ScopedRule } from '../../src/core/rules/right.ts';
import { riskOf } from '../../src/core/rules/risk.ts';
import { code, notice, table } from '../reference.ts';
import { HOLDERS, namespaceOf, ruleOf, rulesOf } from './holders.ts';
import type { Entry, Holder, OwnRole, Release, Shown } from './right.ts';

/** As a page names a release. */
export const ANY_RELEASE: Release = { name: 'NAME', namespace: 'NAMESPACE', probeNamespace: 'NAME-probe' };

export function stolenCredentialsReference(): string {
  return `${notice('scripts/rights')}# Stolen credentials

What whoever steals the token of one of the product's accounts could do with it, and what keeps it at that. Every right of the chart is here:
the rules of its Roles are made from the same list as this page (\`scripts/rights\`), where a right cannot be written without its reason, what
it is worth to a thief, what bounds it, and a test on a real cluster that shows the bound. \`${NOT_ELSEWHERE}\` compares what Helm renders with
the list, under several values.

\`NAME\` is that of the release's objects and \`NAMESPACE\` its namespace (\`taskgrant\` and \`taskgrant-system\`, mostly). Policies are those of
[the floor](floor.md). Levels and findings are those of [the linter](risks.md), which rates RBAC alone: it knows nothing of admission, and rates a right
over two Secrets by name as one over Secrets. No account holds a wildcard, \`escalate\` or \`bind\`, and none may mint tokens.

${table(
  ['Account', 'Level', 'What most of it comes from'],
  HOLDERS.filter(({ account }) => account !== undefined).map((holder) => {
    const { level, findings } = riskOf(rulesOf(holder, ANY_RELEASE));
    const worst = findings.filter((finding) => finding.level === level);
    return [
      `[${accountOf(holder)}](#${holder.name.replaceAll(' ', '-')})`,
      level,
      worst.map((finding) => finding.code).join(', '),
    ];
  }),
)}
${HOLDERS.map(sectionOf).join('\n')}`;
}

const NOT_ELSEWHERE = 'e2e/chart/rendering.e2e.test.ts';

function accountOf({ account = '' }: Holder): string {
  return `${ANY_RELEASE.name}-${account}`;
}

function sectionOf(holder: Holder): string {
  const { name, about, roles, accepted } = holder;
  const { level, findings } = riskOf(rulesOf(holder, ANY_RELEASE));
  const rows = findings.map((finding) => [
    code(finding.code),
    finding.level,
    finding.rights.map(code).join(', '),
    accepted[finding.code] ?? '',
  ]);
  return `## ${name}

${about}

Level **${level}**:

${table(['Finding', 'Level', 'Comes from', 'Why it is acceptable'], rows)}
Right by right:

${table(
  ['Right', 'Why', 'What a thief gains', 'What bounds it', 'Shown by'],
  roles.flatMap((role) =>
    role.entries.map((entry) => [
      rightOf(entry, role),
      entry.because,
      entry.gain,
      entry.bound,
      entry.shownBy.map(shownOf).join('; '),
    ]),
  ),
)}`;
}

function rightOf(entry: Entry, role: OwnRole): string {
  const {
    apiGroups = [],
    resources = [],
    resourceNames = [],
    verbs,
  }: ScopedRule = ruleOf(entry, ANY_RELEASE);
  const kinds = apiGroups.flatMap((group) => resources.map((resource) => code(renderKind(group, resource))));
  const namespace = namespaceOf(role, ANY_RELEASE);
  return [
    `${verbs.join(', ')} ${kinds.join(', ')}`,
    ...(resourceNames.length > 0 ? [`named ${resourceNames.map(code).join(', ')}`] : []),
    ...(namespace === undefined ? [] : [`in ${code(namespace)}`]),
    ...(role.when ? [`with ${role.when.join(' and ')}`] : []),
  ].join(' ');
}

/** One test of many (vitest's `test.each`) has its case for the %s. */
function shownOf({ file, test }: Shown): string {
  return `${code(file)}: ${test.replaceAll('%s', '…')}`;
}
