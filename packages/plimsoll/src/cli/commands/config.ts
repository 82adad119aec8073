import { type ResolvedConfig, resolveConfig, type VariableName, variables } from '@plimsoll/memory';
import type { Command } from 'commander';
import { exitCodes } from '../failure.ts';
import { userEnvironment } from '../user-environment.ts';

/** `plimsoll config`: every value in force and where it came from, the faults too. */
export function addConfigCommand(program: Command): void {
  program
    .command('config')
    .summary('show every setting in force and where it came from')
    .description(
      'Shows every setting in force and where it came from. Ends with 2 when a variable is unknown or has a bad value, and names them all.',
    )
    .option('--json', 'as one JSON object')
    .action((options: { readonly json?: boolean }) => {
      const resolved = resolveConfig({ env: userEnvironment(), onFault: 'report' });
      process.stdout.write(options.json === true ? configJson(resolved) : configText(resolved));
      if (resolved.faults.length === 0) return;
      process.exitCode = exitCodes.usage;
      for (const { message } of resolved.faults) process.stderr.write(`plimsoll: ${message}\n`);
    });
}

function configJson({ config, origins, faults }: ResolvedConfig): string {
  return `${JSON.stringify({ config, origins, faults }, null, 2)}\n`;
}

function configText({ config, origins }: ResolvedConfig): string {
  const rows = (Object.keys(variables) as VariableName[]).map((name) => {
    const { option } = variables[name];
    return [name, showValue(config[option]), origins[option]] as const;
  });
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const lines = rows.map(
    ([name, value, origin]) => `${name.padEnd(widths[0] ?? 0)}  ${value.padEnd(widths[1] ?? 0)}  ${origin}`,
  );
  return `${lines.join('\n')}\n`;
}

function showValue(value: number | string | boolean | null): string {
  return value === null ? '-' : String(value);
}
