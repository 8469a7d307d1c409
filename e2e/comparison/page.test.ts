import { expect, test } from 'vitest';
import type { Escape } from '../escapes/catalogue.ts';
import { comparisonPage, isAboutGrants } from './page.ts';

const anEscape = (slug: string, codes: string[]) => ({ slug, codes, tries: `Tries a | b.\n` }) as Escape;
const ofASecret = anEscape('secret-by-env', ['SecretNotGranted']);
const ofALabel = anEscape('label-removed', ['GrantLabelImmutable']);

test('what breaks a rule of grants alone is about grants', () => {
  expect(isAboutGrants(ofALabel)).toBe(true);
  expect(isAboutGrants(ofASecret)).toBe(false);
  expect(isAboutGrants({ codes: ['GrantLabelMissing', 'SecretNotGranted'] })).toBe(false);
});

test('the page says of each escape what each judge made of it, and how many that were', () => {
  const page = comparisonPage(
    [ofALabel, ofASecret],
    [
      {
        judge: 'a policy',
        findings: new Map([
          ['secret-by-env', 'let through'],
          ['label-removed', 'about grants'],
        ]),
      },
    ],
  );
  expect(page).toContain('| TaskGrant | 1 | 0 |\n| a policy | 0 | 1 |');
  expect(page).toContain(
    '| [secret-by-env](../e2e/escapes/catalogue/secret-by-env/escape.yaml) | Tries a \\| b. | [SecretNotGranted](reasons.md#secretnotgranted) | **let through** |',
  );
  expect(page).toMatch(/label-removed.* \| – \|\n/);
});
