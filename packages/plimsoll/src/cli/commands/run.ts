import type { Command } from 'commander';
import { runOptions } from '../run/invocation.ts';

/** `plimsoll run`: only its help. The words themselves are taken apart by `parseRunWords`, before any command library is loaded. */
export function addRunCommand(program: Command): void {
  const command = program
    .command('run')
    .summary('start a service with its heap sized to the container and the guard armed')
    .usage('[options] -- node server.js …')
    .description(
      'Starts a service with its heap sized to the container and the guard armed. Leaves one process: signals, exit code, terminal, descriptors and IPC are ' +
        'those of the service.\n\nA heap flag of yours (on the command line or in NODE_OPTIONS) wins and is reported. PLIMSOLL=off starts the service unchanged.',
    );
  for (const [name, { form, text, variable }] of Object.entries(runOptions)) {
    command.option(`--${name} ${form}`, `${text} (${variable})`);
  }
  command.addHelpText(
    'after',
    '\nExit codes: those of the service; 2 for a bad option, a bad variable or a limit too small for any heap; 126 for a program that\nis not Node.js or cannot be run; 127 for one that is not there.',
  );
}
