import { defineConfig } from 'vitest/config';

/** The tests that need a cluster: it is the one that KUBECONFIG says, and they are started inside its network. */
export default defineConfig({
  test: {
    include: ['e2e/**/*.e2e.test.ts'],
    // Longer than several things that are waited for in one test may take, on a machine that is busy.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // They share one cluster, and the machine with it. Suites that bear more at a time say so: e2e/main.ts.
    fileParallelism: false,
    reporters: ['verbose'],
  },
});
