import { defineConfig } from 'vitest/config';

/** The tests that the mutants of src/core are tried with: those beside it. */
export default defineConfig({
  test: { include: ['src/core/**/*.test.ts'], isolate: false, maxWorkers: 1, testTimeout: 60_000 },
});
