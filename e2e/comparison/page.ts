/** docs/escapes.md: what each judge makes of each escape. */
import type { ViolationCode } from '../../src/core/decision/codes.ts';
import type { Escape } from '../escapes/catalogue.ts';

/** What a judge made of an escape; `about grants` where the escape tries something that only the product knows. */
export type Finding = 'refused' | 'let through' | 'about grants';

/** The findings of one judge, by the escape's slug. */
export interface Column {
  judge: string;
  findings: ReadonlyMap<string, Finding>;
}

/** Of a grant's own rules; without grants there is nothing to be broken. */
const ABOUT_GRANTS: ReadonlySet<string> = new Set<ViolationCode>([
  'GrantLabelImmutable',
  'GrantLabelMissing',
  'GrantNotActive',
  'GrantNotFound',
]);

export function isAboutGrants({ codes }: Pick<Escape, 'codes'>): boolean {
  return codes.every((code) => ABOUT_GRANTS.has(code));
}

/** Markdown, not formatted yet. */
export function comparisonPage(escapes: readonly Escape[], columns: readonly Column[]): string {
  const common = escapes.filter((escape) => !isAboutGrants(escape));
  return `# Escapes

Ways in which a pod gets identity that it was not granted. There are ${escapes.length}, each in [e2e/escapes](../e2e/escapes/README.md) with the
fact about Kubernetes that makes it work. Each is tried on a real API server where nothing judges pods, and has to succeed; and where TaskGrant
enforces, and has to be refused with the codes below:

\`\`\`sh
npm run e2e -- escapes
\`\`\`

## What Kubernetes’ own means let through

${common.length} of them have nothing to do with grants. They were tried as well, on the same API server, where pods are judged by

- a [ValidatingAdmissionPolicy](https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/) that is written by hand
  for one kind of task ([pod-policy.ts](../e2e/policy/pod-policy.ts)): the account, the beginnings of image names, Secrets, audiences and
  lifetimes of tokens, and what the baseline profile forbids. Its pods have written into them what TaskGrant fills in, so that each is refused
  for what it tries and for nothing else;
- [Pod Security admission](https://kubernetes.io/docs/concepts/security/pod-security-admission/) at level baseline, which is about the node and
  not about identity.

| Judge | refused | let through |
| --- | ---: | ---: |
| TaskGrant | ${common.length} | 0 |
${columns.map((column) => `| ${column.judge} | ${count(column, 'refused')} | ${count(column, 'let through')} |`).join('\n')}

The catalogue was made with TaskGrant and holds what its makers know of: that all is refused says that nothing known gets through. A policy can be
made to refuse more than this one does, by naming every door and every field. What no policy can do is follow a claim to its driver, know
when a task is over, or have an identity made for it.

\`\`\`sh
npm run e2e -- comparison
\`\`\`

## One by one

| Escape | What it does | TaskGrant | ${columns.map(({ judge }) => judge).join(' | ')} |
| --- | --- | --- | ${columns.map(() => '---').join(' | ')} |
${escapes.map((escape) => rowOf(escape, columns)).join('\n')}
`;
}

function count({ findings }: Column, wanted: Finding): number {
  return [...findings.values()].filter((finding) => finding === wanted).length;
}

function rowOf({ slug, tries, codes }: Escape, columns: readonly Column[]): string {
  const found = columns.map(({ findings }) => SAYING[findings.get(slug) ?? 'about grants']);
  const cells = [
    `[${slug}](../e2e/escapes/catalogue/${slug}/escape.yaml)`,
    tries.trim().replaceAll('|', '\\|').replaceAll(/\s+/g, ' '),
    codes.map((code) => `[${code}](reasons.md#${code.toLowerCase()})`).join(', '),
    ...found,
  ];
  return `| ${cells.join(' | ')} |`;
}

const SAYING: Readonly<Record<Finding, string>> = {
  refused: 'refused',
  'let through': '**let through**',
  'about grants': '–',
};
