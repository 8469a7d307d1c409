/** `npm test`: everything. Types, lint, format, unit tests, then real clusters, then the demo. */
import { runSteps } from './steps.ts';

await runSteps([
  { name: 'check', command: ['node', 'scripts/check.ts'], required: true },
  { name: 'e2e', command: ['node', 'e2e/main.ts'], required: true },
  { name: 'demo', command: ['node', 'e2e/demo/main.ts'] },
]);
