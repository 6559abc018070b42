import { defineConfig } from 'vitest/config';

const ENOUGH = { lines: 90, branches: 90 };

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/every-body.setup.ts', 'test/ecosystem/link.setup.ts'],
    testTimeout: 20_000,
    coverage: {
      provider: 'v8',
      // The TypeScript engine is a bundle of assembly/; its source map leads the counts back to those files.
      include: ['src/**/*.ts', 'src/engine/core.gen.js', 'assembly/**/*.ts'],
      // Types only; the primitives that only asc compiles, of which `mem.ts` is the counterpart; a table of bytes. The
      // page of a report, which runs in a browser, and the command, which runs as it is built, in processes of its own.
      exclude: [
        '**/*.d.ts',
        'assembly/mem.wasm.ts',
        'src/engine/wasm-bytes.gen.ts',
        'src/experiments/views/report-page.gen.ts',
        'src/experiments/views/page/**',
        'src/cli/**',
        'src/cli.ts',
      ],
      reporter: ['text', 'json-summary'],
      thresholds: { 'src/**': ENOUGH, 'assembly/**': ENOUGH },
    },
  },
});
