/** The reference of codes and reasons, as Markdown: `npm run generate` writes it to docs/reference/reasons.md. */
import { CLASS_REASONS, GRANT_REASONS } from '../../api/reasons.ts';
import { VIOLATION_CODES, type CodeEntry } from './codes.ts';

export function reasonsMarkdown(): string {
  return [
    '# Codes and reasons',
    '',
    'Generated from the code by `npm run generate`; do not edit.',
    '',
    'Both lists are closed: a code or reason keeps its name and its meaning.',
    '',
    '## Why a request is refused',
    '',
    'A refused request names everything that is wrong with it, each as',
    '`CODE path: asked X, the grant allows Y; what to do`.',
    '',
    ...Object.entries(VIOLATION_CODES).flatMap(([code, entry]) => section(code, entry)),
    '## Reasons in the conditions of a TaskGrant',
    '',
    ...table(GRANT_REASONS),
    '',
    '## Reasons in the conditions of a TaskGrantClass',
    '',
    ...table(CLASS_REASONS),
    '',
  ].join('\n');
}

function section(code: string, { means, because, remedy }: CodeEntry): string[] {
  return [`### ${code}`, '', means, '', `**Why.** ${because}`, '', `**What to do.** ${remedy}`, ''];
}

function table(reasons: Readonly<Record<string, string>>): string[] {
  const rows = Object.entries(reasons).map(([reason, meaning]) => `| ${reason} | ${meaning} |`);
  return ['| Reason | What it says |', '| --- | --- |', ...rows];
}
