import { expect, test } from 'vitest';
import { createProgram, NO_ACTIONS } from './program.ts';

const { commands } = createProgram('0.0.0', NO_ACTIONS);
const required = commands.flatMap((command) =>
  command.options
    .filter(({ mandatory }) => mandatory)
    .map((option) => ({ name: command.name(), usage: command.usage(), option })),
);

test('some flags are required', () => {
  expect(required.map(({ name }) => name)).toEqual(['check', 'init', 'lint', 'approve', 'deny']);
});

test.each(required)('the usage line of $name shows the flag that it requires', ({ usage, option }) => {
  expect(usage.split(' ')).toContain(option.short ?? option.long);
});
