import type { Command } from 'commander';
import { freeMemoryBytes, runAnalysis } from '../analysis/run-analysis.ts';
import type { OutputForm } from '../analysis/task.ts';
import { parseSize } from './option-values.ts';

interface AnalyzeCommandOptions {
  readonly json?: boolean;
  readonly md?: boolean;
  readonly showTexts?: boolean;
  readonly maxMemory?: number;
}

/** `plimsoll analyze`: what holds the heap, in sentences and tables. */
export function addAnalyzeCommand(program: Command): void {
  program
    .command('analyze')
    .summary('say what holds the heap of a snapshot')
    .description(
      'Says what holds the heap of a .heapsnapshot: containers by name, classes, dominators, duplicates, listeners.\nRuns in a process of its own and says what it needs before it starts.',
    )
    .argument('<snapshot>', 'a .heapsnapshot file, plain or gzip; - for standard input')
    .option('--json', 'as one JSON object')
    .option('--md', 'as Markdown')
    .option('--show-texts', 'show the beginning of duplicated texts, which may be a customer’s')
    .option('--max-memory <size>', 'refuse above this instead of above what is free here', parseSize)
    .action((snapshot: string, options: AnalyzeCommandOptions) =>
      runAnalysis(
        {
          command: 'analyze',
          input: snapshot,
          form: outputForm(options),
          hasTexts: options.showTexts === true,
          maxMemoryBytes: options.maxMemory ?? freeMemoryBytes(),
          hasProgress: process.stderr.isTTY,
        },
        [snapshot],
      ),
    );
}

/** The form that --json and --md ask for. */
export function outputForm(options: { readonly json?: boolean; readonly md?: boolean }): OutputForm {
  if (options.json === true) return 'json';
  return options.md === true ? 'markdown' : 'text';
}
