import { defineConfig } from 'vitest/config';

// Unit tests stand beside the code; what needs an API server stands in e2e/ with a configuration of its own.
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'scripts/**/*.test.ts', 'e2e/**/*.test.ts'],
    exclude: ['**/*.e2e.test.ts', '**/node_modules/**'],
    // A process for each of a hundred files takes longer than most of them. Tests here share no state by modules.
    isolate: false,
    maxWorkers: 2,
    // None is about time: on a machine that does other things as well, a property of thousands of runs takes its minutes.
    testTimeout: 300_000,
  },
});
