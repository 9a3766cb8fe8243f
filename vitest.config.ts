import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/server/server.ts', 'test/server/skipped.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Two cores: a third file would only slow the other two down.
    maxWorkers: 2,
  },
});
