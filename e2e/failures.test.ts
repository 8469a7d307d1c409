import { expect, it } from 'vitest';
import { failuresOf, type Report } from './failures.ts';

const passed = { fullName: 'a grant is active', status: 'passed', failureMessages: [] };

function reportOf(...files: Partial<Report['testResults'][number]>[]): Report {
  return {
    testResults: files.map((file) => ({
      name: 'a.e2e.test.ts',
      status: 'passed',
      message: '',
      assertionResults: [],
      ...file,
    })),
  };
}

it('says nothing where everything passed', () => {
  expect(failuresOf(reportOf({ assertionResults: [passed] }))).toEqual([]);
});

it('names a test that failed, with the beginning of what it said', () => {
  const message = ['expected 1', ...Array.from({ length: 40 }, (_, line) => `at line ${line}`)].join('\n');
  const failed = { fullName: 'a grant ends', status: 'failed', failureMessages: [message] };
  const lines = failuresOf(reportOf({ status: 'failed', assertionResults: [passed, failed] }));
  expect(lines.slice(0, 3)).toEqual(['✗ a grant ends', '    expected 1', '    at line 0']);
  expect(lines).toHaveLength(13);
});

it('names a file that could not be run', () => {
  const broken = { status: 'failed', message: 'Cannot find module' };
  expect(failuresOf(reportOf(broken))).toEqual(['✗ a.e2e.test.ts', '    Cannot find module']);
});
