import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/every-body.setup.ts'],
    testTimeout: 20_000,
  },
});
