import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/server.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Two cores: a third file would only slow the other two down.
    maxWorkers: 2,
  },
});
