import { defineConfig } from 'vitest/config';

// Each project is run from its own folder: `vitest run --root packages/core --config vitest.config.ts`.
export default defineConfig({
  resolve: { conditions: ['@cl-hive/source', 'node', 'import', 'default'] },
  // Vitest hands these to Node as well, where `import` would make require() load ES modules.
  ssr: { resolve: { conditions: ['@cl-hive/source', 'node', 'default'] } },
  test: {
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts', 'tests/**/*.test.mjs'],
    exclude: ['**/dist/**', '**/node_modules/**'],
    setupFiles: [new URL('vitest.setup.ts', import.meta.url).pathname],
    passWithNoTests: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
