/** `npm test`: everything. Types, lint, format, unit tests, then real clusters, then the demo. */
import { SUITES } from '../e2e/suites.ts';
import { takesNoArguments } from './arguments.ts';
import { runSteps } from './steps.ts';

takesNoArguments(
  'test',
  'Everything: npm run check, then every test on real clusters, then the demo. The first time, it builds what clusters consist of.',
);

/** Wait most of their time for roll-outs, and so does the demo: beside them the other suites lose next to nothing. */
const ASIDE = ['chart', 'cert-manager'];
/** Waits for a quarter of an hour until a token has run out, and does nothing else. */
const IDLE = 'starving';
/** Keeps both cores busy by itself. */
const ALONE = 'cluster';
const others = Object.keys(SUITES).filter((suite) => ![...ASIDE, IDLE, ALONE].includes(suite));

await runSteps([
  { name: 'check', command: ['node', 'scripts/check.ts'], required: true },
  { name: `e2e ${ALONE}`, command: ['node', 'e2e/main.ts', ALONE], required: true },
  {
    lanes: [
      [{ name: `e2e ${others.join(' ')}`, command: ['node', 'e2e/main.ts', ...others] }],
      [
        { name: `e2e ${ASIDE.join(' ')}`, command: ['node', 'e2e/main.ts', ...ASIDE, '--name', 'e2e-chart'] },
        { name: 'demo', command: ['node', 'e2e/demo/main.ts'] },
      ],
      [{ name: `e2e ${IDLE}`, command: ['node', 'e2e/main.ts', IDLE, '--name', `e2e-${IDLE}`] }],
    ],
  },
]);
