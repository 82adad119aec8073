import { defineConfig } from 'vitest/config';

const sources = {
  find: /^@plimsoll\/([a-z-]+)$/,
  replacement: `${import.meta.dirname}/packages/$1/src/index.ts`,
};

export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        resolve: { alias: [sources] },
        test: {
          name: 'unit',
          include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
          environment: 'node',
          pool: 'forks',
          execArgv: ['--expose-gc'],
          testTimeout: 20_000,
        },
      },
    ],
  },
});
