import type { Command } from 'commander';
import { freeMemoryBytes, runAnalysis } from '../analysis/run-analysis.ts';
import { outputForm } from './analyze.ts';
import { parseSize } from './option-values.ts';

interface DiffCommandOptions {
  readonly json?: boolean;
  readonly md?: boolean;
  readonly maxMemory?: number;
}

/** `plimsoll diff`: which containers grew between snapshots of one process. */
export function addDiffCommand(program: Command): void {
  program
    .command('diff')
    .summary('say what grew between snapshots')
    .description('Says which containers grew from snapshot to snapshot of one process, the leak first.')
    .argument('<oldest>', 'a .heapsnapshot file, plain or gzip')
    .argument('<newer...>', 'one or two later ones of the same process, oldest first')
    .option('--json', 'as one JSON object')
    .option('--md', 'as Markdown')
    .option('--max-memory <size>', 'refuse above this instead of above what is free here', parseSize)
    .action((oldest: string, newer: readonly string[], options: DiffCommandOptions) => {
      const inputs = [oldest, ...newer];
      return runAnalysis(
        {
          command: 'diff',
          inputs,
          form: outputForm(options),
          maxMemoryBytes: options.maxMemory ?? freeMemoryBytes(),
          hasProgress: process.stderr.isTTY,
        },
        inputs,
      );
    });
}
