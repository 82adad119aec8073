import { Command, CommanderError } from 'commander';
import { addAnalyzeCommand } from './commands/analyze.ts';
import { addConfigCommand } from './commands/config.ts';
import { addControlCommands } from './commands/control.ts';
import { addDiffCommand } from './commands/diff.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addFlagsCommand } from './commands/flags.ts';
import { addIncidentsCommand } from './commands/incidents.ts';
import { addModulesCommand } from './commands/modules.ts';
import { addPlanCommand } from './commands/plan.ts';
import { addRedactCommand } from './commands/redact.ts';
import { addReportCommand } from './commands/report.ts';
import { addRunCommand } from './commands/run.ts';
import { exitCodes } from './failure.ts';

/**
 * The command tree. To add a command: a file in commands/ that exports `add…Command(program)`, called here. A command prints its result to stdout, throws
 * {@link CommandFailure} or a PlimsollError for what the user can mend, and sets `process.exitCode` for a verdict.
 */
export function createProgram(version: string): Command {
  const program = new Command('plimsoll')
    .description(
      'The load line for Node.js: the heap sized to the container, and evidence before the process dies of memory.',
    )
    .version(version, '-v, --version')
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride();
  addRunCommand(program);
  addFlagsCommand(program);
  addPlanCommand(program);
  addConfigCommand(program);
  addDoctorCommand(program);
  addControlCommands(program);
  addIncidentsCommand(program);
  addModulesCommand(program);
  addAnalyzeCommand(program);
  addDiffCommand(program);
  addRedactCommand(program);
  addReportCommand(program);
  for (const command of program.commands) command.exitOverride();
  return program;
}

/**
 * Runs the command line.
 * What commander has already told the user ends in exit code 2.
 */
export async function runProgram(program: Command, words: readonly string[]): Promise<void> {
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage;
  }
}
