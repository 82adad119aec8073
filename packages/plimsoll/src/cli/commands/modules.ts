import type { Command } from 'commander';
import { measureModules } from '../modules/measure-modules.ts';
import { modulesText } from '../modules/modules-text.ts';
import { writeTreemap } from '../modules/treemap.ts';
import { parseCount } from './option-values.ts';

interface ModulesOptions {
  readonly minutes: number;
  readonly json?: boolean;
  readonly html?: string;
}

/** `plimsoll modules`: what each package of a service costs to load, and which of them it then never uses. */
export function addModulesCommand(program: Command): void {
  program
    .command('modules')
    .summary('measure what each package costs to load, and which are never used')
    .usage('[options] -- node server.js …')
    .description(
      'Runs a service for some minutes and lists what each package cost to load: CPU, heap and anonymous memory, by itself and with what it brought along, and ' +
        'whether one of its functions ran after the start. Ends the service with SIGTERM when the time is over. It runs slower than usual meanwhile, and what it prints goes to stderr.',
    )
    .option('--minutes <n>', 'how long to watch what is used', parseCount, 5)
    .option('--json', 'as one JSON object')
    .option('--html <file>', 'a treemap as well, as one HTML file')
    .argument('<command...>', 'the service: node and its arguments')
    .action(async (command: readonly string[], options: ModulesOptions) => {
      const report = await measureModules(command, options.minutes * 60_000);
      process.stdout.write(
        options.json === true ? `${JSON.stringify(report, null, 2)}\n` : modulesText(report),
      );
      if (options.html !== undefined) writeTreemap(options.html, report);
    });
}
