/** `npm test`: everything. Types, lint, format, unit tests, then real clusters, then the demo. */
import { takesNoArguments } from './arguments.ts';
import { runSteps } from './steps.ts';

takesNoArguments(
  'test',
  'Everything: npm run check, then every test on real clusters, then the demo. The first time, it builds what clusters consist of.',
);

await runSteps([
  { name: 'check', command: ['node', 'scripts/check.ts'], required: true },
  { name: 'e2e', command: ['node', 'e2e/main.ts'], required: true },
  { name: 'demo', command: ['node', 'e2e/demo/main.ts'] },
]);
