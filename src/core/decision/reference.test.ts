import { expect, test } from 'vitest';
import { GRANT_REASONS } from '../../api/reasons.ts';
import { VIOLATION_CODES } from './codes.ts';
import { reasonsMarkdown } from './reference.ts';

test('every code has a section with what it means, why, and what to do', () => {
  const page = reasonsMarkdown();
  for (const [code, { means, because, remedy }] of Object.entries(VIOLATION_CODES)) {
    expect(page).toContain(`### ${code}\n\n${means}\n\n**Why.** ${because}\n\n**What to do.** ${remedy}\n`);
  }
});

test('every reason of a condition has a row', () => {
  const page = reasonsMarkdown();
  for (const [reason, meaning] of Object.entries(GRANT_REASONS)) {
    expect(page).toContain(`| ${reason} | ${meaning} |`);
  }
});
