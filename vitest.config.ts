import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const sources = [
  {
    find: /^@plimsoll\/([a-z-]+)$/,
    replacement: `${import.meta.dirname}/packages/$1/src/index.ts`,
  },
  {
    find: /^@plimsoll\/memory\/holders$/,
    replacement: `${import.meta.dirname}/packages/memory/src/holders.ts`,
  },
];

export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        resolve: { alias: sources },
        test: {
          name: 'unit',
          include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
          environment: 'node',
          pool: 'forks',
          execArgv: ['--expose-gc'],
          // Most tests wait for processes they have started: two a processor keep it busy.
          maxWorkers: 2 * availableParallelism(),
          // Against a hang, not a measure of speed: the machine may have other work.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // The runner's NODE_PATH shows every package of the workspace: an optional backend is active where its own test asks for it.
          env: { PLIMSOLL_PPROF: 'off' },
        },
      },
    ],
  },
});
