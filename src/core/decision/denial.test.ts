import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { VIOLATION_CODES, type ViolationCode } from './codes.ts';
import { MAX_DENIAL_BYTES, inOrder, renderDenial, renderFindings, renderViolation } from './denial.ts';
import { listed, type Violation } from './violation.ts';

const atPath = (path: string, code: ViolationCode = 'SecretNotGranted'): Violation => ({
  code,
  path,
  asked: 'db-admin',
  allowed: 'ticket-db',
  fix: 'drop the reference',
});

test('a violation says its code, its path, what was asked, what is allowed and what to do, on one line', () => {
  expect(renderViolation(atPath('spec.volumes[0].secret.secretName'))).toBe(
    'SecretNotGranted spec.volumes[0].secret.secretName: asked db-admin, the grant allows ticket-db; drop the reference',
  );
});

test('violations come in the order of the file: by path, with indexes as numbers, then by code', () => {
  const paths = [
    'spec.volumes[10].csi',
    'spec.volumes[2].csi',
    'spec.containers[0].image',
    'spec.volumes',
    'spec',
  ];
  expect(inOrder(paths.map((path) => atPath(path))).map(({ path }) => path)).toEqual([
    'spec',
    'spec.containers[0].image',
    'spec.volumes',
    'spec.volumes[2].csi',
    'spec.volumes[10].csi',
  ]);
  expect(
    inOrder([atPath('a', 'TokenWouldBeExtended'), atPath('a', 'TokenLivesTooLong')]).map(({ code }) => code),
  ).toEqual(['TokenLivesTooLong', 'TokenWouldBeExtended']);
});

test('a denial has one line for each violation under its headline, which says their codes', () => {
  expect(renderDenial('the pod asks for too much', [atPath('b'), atPath('a')]).split('\n')).toEqual([
    'the pod asks for too much (2 violations: SecretNotGranted):',
    'SecretNotGranted a: asked db-admin, the grant allows ticket-db; drop the reference',
    'SecretNotGranted b: asked db-admin, the grant allows ticket-db; drop the reference',
  ]);
});

test('a denial for one violation is one line, all of which is shown of an Event', () => {
  expect(renderDenial('the pod asks for too much', [atPath('a')])).toBe(
    'the pod asks for too much (1 violation): SecretNotGranted a: asked db-admin, the grant allows ticket-db; drop the reference',
  );
});

test('a denial that would be too long says how many violations were cut', () => {
  const message = renderDenial(
    'the pod asks for too much',
    Array.from({ length: 100 }, (_, index) => atPath(`spec.volumes[${index}]`)),
  );
  const lines = message.split('\n');
  const shown = lines.length - 2;
  expect(Buffer.byteLength(message)).toBeLessThanOrEqual(MAX_DENIAL_BYTES);
  expect(lines.at(-1)).toBe(`… and ${100 - shown} more.`);
  expect(shown).toBeGreaterThan(30);
});

test('what somebody else wrote cannot break the line, or the terminal, or the limit', () => {
  const anything = fc.record({
    code: fc.constantFrom(...(Object.keys(VIOLATION_CODES) as ViolationCode[])),
    path: fc.string({ unit: 'binary', maxLength: 600 }),
    asked: fc.string({ unit: 'binary', maxLength: 600 }),
    allowed: fc.string({ unit: 'binary', maxLength: 600 }),
    fix: fc.string({ unit: 'binary', maxLength: 600 }),
  });
  fc.assert(
    fc.property(fc.array(anything, { minLength: 1, maxLength: 12 }), (violations) => {
      const message = renderDenial('no', violations);
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(MAX_DENIAL_BYTES);
      expect(message.split('\n').length).toBeLessThanOrEqual(violations.length + 1);
      expect(message.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }),
  );
  expect(renderViolation({ ...atPath('p'), asked: 'a\u001b[31mred\u202e\n' })).toContain(
    'asked a\\u{1b}[31mred\\u{202e}\\u{a},',
  );
});

test('values are listed with commas, and none of them is nothing', () => {
  expect(listed(['a', 'b'])).toBe('a, b');
  expect(listed([])).toBe('nothing');
});

describe('what is only warned of', () => {
  const short: Violation = {
    code: 'NodeAccess',
    path: 'spec.hostPID',
    asked: 'true',
    allowed: 'nothing of its node',
    fix: 'drop it',
  };
  const long: Violation = { ...short, path: 'spec.template.spec.hostPID', fix: 'drop it, '.repeat(10) };

  test('is said in full where there is room', () => {
    expect(renderFindings([short])).toEqual([renderViolation(short)]);
  });

  test('is cut between its parts where there is not, and it is said who says more', () => {
    const more = 'what to do about each: kubectl taskgrant check -f FILE --server says';
    expect(renderFindings([long])).toEqual([
      'NodeAccess spec.template.spec.hostPID: asked true, a grant allows nothing of its node',
      more,
    ]);
    expect(renderFindings([{ ...long, allowed: 'x'.repeat(100) }])).toEqual([
      'NodeAccess spec.template.spec.hostPID: asked true',
      more,
    ]);
    const [cut = ''] = renderFindings([{ ...long, asked: 'x'.repeat(200) }]);
    expect(cut).toHaveLength(120);
    expect(cut).toMatch(/x…$/);
  });
});
