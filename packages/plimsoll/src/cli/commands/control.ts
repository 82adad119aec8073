import type { Command } from 'commander';
import { type ControlCommandSpec, controlCommands } from '../control/command-specs.ts';

/** `plimsoll top`, `explain`, `census`, `capture`, `drill`: only their help. `main.ts` runs them before any command library is loaded. */
export function addControlCommands(program: Command): void {
  for (const [name, spec] of Object.entries<ControlCommandSpec>(controlCommands)) {
    const command = program.command(name).summary(spec.summary).description(spec.description);
    if (spec.argument !== undefined) command.argument(...spec.argument);
    for (const [option, { form, text }] of Object.entries(spec.options)) {
      command.option(form === undefined ? `--${option}` : `--${option} ${form}`, text);
    }
    command.addHelpText(
      'after',
      '\nExit codes: 0, 2 for a bad option, 5 when no guarded process answers, 6 when it refuses or its container has no room for this command.',
    );
  }
}
