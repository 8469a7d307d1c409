/** `npm run check`: types, lint, format, generated files and unit tests; each with its time, all of them even when one fails. */
import { takesNoArguments } from './arguments.ts';
import { runSteps } from './steps.ts';

takesNoArguments(
  'check',
  'Types, lint, format, generated files and unit tests: about a minute, and no cluster. Each with its time, all of them even when one fails.',
);

await runSteps([
  { name: 'types', command: ['tsc', '-p', '.'] },
  { name: 'lint', command: ['eslint', '--max-warnings', '0', '.'] },
  { name: 'format', command: ['prettier', '--check', '--log-level', 'warn', '.'] },
  { name: 'generated files', command: ['node', 'scripts/generate.ts', '--check'] },
  { name: 'unit tests', command: ['vitest', 'run', '--reporter=minimal'] },
]);
