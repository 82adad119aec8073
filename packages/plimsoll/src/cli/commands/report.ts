import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { freeMemoryBytes, runAnalysis } from '../analysis/run-analysis.ts';
import { parseSize } from './option-values.ts';

interface ReportCommandOptions {
  readonly json?: boolean;
  readonly md?: boolean;
  readonly output?: string;
  readonly maxMemory?: number;
}

/** `plimsoll report`: an incident on one page. */
export function addReportCommand(program: Command): void {
  program
    .command('report')
    .summary('put an incident on one page')
    .description(
      'Writes one self-contained HTML page from an incident folder: timeline against the load line, decisions, suspects, classes, allocation profile.',
    )
    .argument('<incident>', 'an incident folder, or a folder with snapshots in it')
    .option('-o, --output <file>', 'where the page goes (default: report.html in the incident folder)')
    .option('--json', 'the values behind it as JSON on stdout')
    .option('--md', 'as Markdown on stdout')
    .option('--max-memory <size>', 'leave out snapshots that need more than this', parseSize)
    .action(async (incident: string, options: ReportCommandOptions) => {
      const form = options.json === true ? 'json' : options.md === true ? 'markdown' : 'html';
      const target = options.output ?? (form === 'html' ? join(incident, 'report.html') : undefined);
      return runAnalysis(
        {
          command: 'report',
          folder: incident,
          form,
          maxMemoryBytes: options.maxMemory ?? freeMemoryBytes(),
          hasProgress: process.stderr.isTTY,
          ...(target === undefined ? {} : { target }),
        },
        snapshotsIn(incident),
      );
    });
}

function snapshotsIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.heapsnapshot(\.gz)?$/.test(name))
      .map((name) => join(folder, name));
  } catch {
    // The analysing process says what is wrong with the folder.
    return [];
  }
}
