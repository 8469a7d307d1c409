// typescript-eslint's strictest type-checked rules, and the house's own: imports point downwards only
// (main → webhook | controller | cli → kube, audit → core → api), and core does no I/O, has no clock and no chance.
import tseslint from 'typescript-eslint';

/** What each room of src may not import. */
const ABOVE = {
  api: ['core', 'kube', 'audit', 'webhook', 'controller', 'cli', 'main'],
  core: ['kube', 'audit', 'webhook', 'controller', 'cli', 'main'],
  audit: ['kube', 'webhook', 'controller', 'cli', 'main'],
  kube: ['core', 'audit', 'webhook', 'controller', 'cli', 'main'],
  webhook: ['controller', 'cli', 'main'],
  controller: ['webhook', 'cli', 'main'],
  cli: ['webhook', 'controller', 'main'],
};

const roomsAbove = (room) => ({
  regex: `^\\.\\.?/(\\.\\./)*(${ABOVE[room].join('|')})(/|\\.ts$)`,
  message: `src/${room} may not import this: imports point downwards (docs/architecture.md).`,
});

/** Pure libraries and the one pure builtin that core may use. Everything else that is not relative is I/O to it. */
const PURE = [
  'typebox',
  'typebox/.*',
  'canonicalize',
  '@marcbachmann/cel-js',
  're2js',
  'fast-check',
  'vitest',
  'node:crypto',
];
const nothingImpure = {
  regex: `^(?!\\.)(?!(${PURE.join('|')})$)`,
  message: 'src/core and src/api are pure: no I/O. Take facts as arguments.',
};
const cryptoOnlyToHash = {
  regex: '^node:crypto$',
  importNamePattern: '^(?!createHash$)',
  message: 'only createHash: anything random is an argument.',
};

const nothingAmbient = [
  ...[
    ...['setTimeout', 'setInterval', 'setImmediate', 'performance', 'AbortSignal', 'crypto'],
    ...['fetch', 'WebSocket', 'process', 'console', 'globalThis', 'global'],
  ].map((name) => ({
    name,
    message: 'src/core is pure: take facts and the time as arguments.',
  })),
];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      eqeqeq: 'error',
      'no-console': 'off',
    },
  },
  ...Object.keys(ABOVE).map((room) => ({
    files: [`src/${room}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [roomsAbove(room), ...(room === 'core' ? [nothingImpure, cryptoOnlyToHash] : [])],
        },
      ],
    },
  })),
  {
    files: ['src/core/**/*.ts', 'src/api/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...nothingAmbient],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'src/core has no clock: take the time as an argument.' },
        { object: 'Math', property: 'random', message: 'src/core has no chance: take it as an argument.' },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
          message: 'src/core has no clock: take the time as an argument.',
        },
        {
          selector: 'CallExpression[callee.name="Date"]',
          message: 'src/core has no clock: take the time as an argument.',
        },
        {
          selector: 'ImportExpression',
          message: 'src/core is pure: import at the top, where it is seen what.',
        },
      ],
    },
  },
);
