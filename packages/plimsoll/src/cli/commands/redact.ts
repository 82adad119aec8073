import type { Command } from 'commander';
import { freeMemoryBytes, runAnalysis } from '../analysis/run-analysis.ts';
import { outputForm } from './analyze.ts';

interface RedactCommandOptions {
  readonly json?: boolean;
  readonly key?: string;
}

/** `plimsoll redact`: a copy of a snapshot without its texts. */
export function addRedactCommand(program: Command): void {
  program
    .command('redact')
    .summary('copy a snapshot without its texts')
    .description(
      'Copies a snapshot with texts and data keys masked. Chrome DevTools opens the copy and finds the same sizes; constructor, variable and property names stay.\nSays what was left in clear.',
    )
    .argument('<snapshot>', 'a .heapsnapshot file, plain or gzip; - for standard input')
    .argument('<target>', 'where the copy goes; refused when it is being written already')
    .option('--key <secret>', 'mask equal texts equally in several snapshots')
    .option('--json', 'what was done as one JSON object')
    .action((snapshot: string, target: string, options: RedactCommandOptions) =>
      runAnalysis(
        {
          command: 'redact',
          input: snapshot,
          target,
          form: outputForm(options),
          maxMemoryBytes: freeMemoryBytes(),
          hasProgress: process.stderr.isTTY,
          ...(options.key === undefined ? {} : { key: options.key }),
        },
        [],
      ),
    );
}
