import { expect, test } from 'vitest';
import { completionsFor } from './completion.ts';
import { createProgram, NO_ACTIONS } from './program.ts';

const program = createProgram('0.0.0', NO_ACTIONS);

/** Without what each is for. */
const completed = (...words: string[]) =>
  completionsFor(program, words)
    .split('\n')
    .map((line) => line.split('\t')[0]);

test.each([
  ['the commands, but the one that prints this', [''], ['check', 'init', 'lint', 'approve', 'deny', ':4']],
  ['a command that has begun', ['ch'], ['check', ':4']],
  ['what an output can be', ['check', '-o', ''], ['text', 'json', 'sarif', 'github', ':4']],
  ['one that has begun', ['check', '-f', 'a', '--output', 's'], ['sarif', ':4']],
  ['one behind an equals sign', ['check', '--level=r'], ['--level=required', ':4']],
  ['files, by what their names end in', ['init', '-f', 'ma'], ['yaml', 'yml', 'json', ':8']],
  ['any files, where a kubeconfig is asked for', ['approve', '--kubeconfig', ''], [':0']],
  ['flags of the command', ['init', '--na'], ['--namespace', '--name', ':4']],
  ['nothing where a value is anybody’s guess', ['check', '-n', ''], [':4']],
  ['the shells', ['completion', ''], ['bash', 'zsh', 'fish', ':4']],
])('%s', (_what, words, lines) => {
  expect(completed(...words)).toEqual([...lines, '']);
});

test('what a candidate is for stands behind a tab', () => {
  expect(completionsFor(program, ['check', '--rec'])).toBe(
    '--recursive\tlook into folders within folders, too\n:4\n',
  );
});
