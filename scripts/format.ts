/** `npm run format`: prettier over everything. */
import { runSteps } from './steps.ts';

await runSteps([{ name: 'format', command: ['prettier', '--write', '--log-level', 'warn', '.'] }]);
