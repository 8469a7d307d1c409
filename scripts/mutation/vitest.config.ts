import { defineConfig } from 'vitest/config';

/**
 * The tests that the mutants are tried with: those beside what is changed. Properties are left out: they take most of the time, and
 * what they notice a test with a plain example should notice as well.
 */
export default defineConfig({
  test: {
    include: ['src/core/{identity,envelope}/*.test.ts'],
    exclude: ['**/*.property.test.ts'],
    isolate: false,
    maxWorkers: 1,
    testTimeout: 60_000,
  },
});
