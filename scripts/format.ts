/** `npm run format`: prettier over everything. */
import { takesNoArguments } from './arguments.ts';
import { runSteps } from './steps.ts';

takesNoArguments('format', 'Formats everything with prettier.');

await runSteps([{ name: 'format', command: ['prettier', '--write', '--log-level', 'warn', '.'] }]);
