import { defineConfig } from 'vitest/config';

/** The suites that hold the contract with plug-ins, without what the whole run sets up around them. */
export default defineConfig({
  test: {
    include: [
      'test/{plugin-span,plugin-processors,exporter-calls,encoded-object-export,request-encoder}.test.ts',
      'test/{span,span-end,tracer,context-propagation}.test.ts',
      'test/compliance/*.test.ts',
    ],
    testTimeout: 30_000,
  },
});
