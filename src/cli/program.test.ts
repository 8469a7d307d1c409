import { expect, test } from 'vitest';
import { createProgram, NO_ACTIONS } from './program.ts';

const { commands } = createProgram('0.0.0', NO_ACTIONS);
const required = commands.flatMap((command) =>
  command.options
    .filter(({ mandatory }) => mandatory)
    .map((option) => ({ name: command.name(), usage: command.usage(), option })),
);

/** Parses without a word on stderr, and rejects where a process would exit. */
function parsed(...words: string[]) {
  const program = createProgram('0.0.0', NO_ACTIONS);
  for (const command of [program, ...program.commands])
    command.exitOverride().configureOutput({ writeErr: () => undefined });
  return program.parseAsync(words, { from: 'user' });
}

test('some flags are required', () => {
  expect(required.map(({ name }) => name)).toEqual(['check', 'init', 'lint', 'approve', 'deny']);
});

test('groups are said one at a time, and before a name as well', async () => {
  const asked: unknown[] = [];
  const program = createProgram('0.0.0', {
    ...NO_ACTIONS,
    decide: (...words) => {
      asked.push(words);
      return Promise.resolve();
    },
  });
  const line = 'approve --reason x --as jane --as-group a --as-group b migrate';
  await program.parseAsync(line.split(' '), { from: 'user' });
  expect(asked).toMatchObject([['migrate', 'Approved', { as: 'jane', asGroup: ['a', 'b'] }]]);
});

test.each(['--kubeconfig', '--context', '--as', '--as-group', '--namespace', '--reason', '--uid'])(
  '%s is not empty',
  async (flag) => {
    await expect(parsed('approve', 'a', '--reason', 'x', flag, '')).rejects.toThrow('it is empty');
  },
);

test.each(['Agents', 'agents_ci', 'agents/', '-a', 'a'.repeat(64)])(
  '%s is the name of no namespace',
  async (name) => {
    await expect(parsed('check', '-f', '-', '-n', name)).rejects.toThrow('not the name of a namespace');
  },
);

test('whoever says which cluster has it asked', async () => {
  const asked: unknown[] = [];
  const program = createProgram('0.0.0', {
    ...NO_ACTIONS,
    check: ({ server }) => {
      asked.push(server);
      return Promise.resolve();
    },
  });
  for (const more of ['', ' --context x', ' --kubeconfig y'])
    await program.parseAsync(`check -f -${more}`.split(' '), { from: 'user' });
  expect(asked).toEqual([false, true, true]);
});

test.each(required)('the usage line of $name shows the flag that it requires', ({ usage, option }) => {
  expect(usage.split(' ')).toContain(option.short ?? option.long);
});
