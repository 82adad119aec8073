import { parseArgs } from 'node:util';
import { type ControlCommandName, type ControlCommandSpec, controlCommands } from './command-specs.ts';
import { ControlFailure } from './client.ts';

/** The words of a control command, taken apart. */
export interface ControlWords {
  readonly name: string | undefined;
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
}

/**
 * Takes the words after the name of the command apart.
 * @throws ControlFailure with exit code 2 naming what is wrong.
 */
export function parseControlWords(command: ControlCommandName, words: readonly string[]): ControlWords {
  const spec: ControlCommandSpec = controlCommands[command];
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({
      args: [...words],
      options: Object.fromEntries(Object.entries(spec.options).map(([name, { type }]) => [name, { type }])),
      allowPositionals: true,
    });
  } catch (error) {
    throw usage(command, error instanceof Error ? (error.message.split('. ', 1)[0] ?? '') : String(error));
  }
  const { positionals, values } = parsed;
  const maxCount = spec.argument === undefined ? 0 : 1;
  if (positionals.length > maxCount) {
    throw usage(command, `too many words: expected at most ${maxCount} beside the options`);
  }
  return { name: positionals[0], values: values as ControlWords['values'] };
}

/**
 * A number among the values.
 * @throws ControlFailure with exit code 2 when it is none or out of range.
 */
export function numberValue(
  command: ControlCommandName,
  { values }: ControlWords,
  name: string,
  range: readonly [min: number, max: number],
): number | undefined {
  const text = values[name];
  if (typeof text !== 'string') return undefined;
  const value = Number(text);
  if (text.trim() !== '' && value >= range[0] && value <= range[1]) return value;
  throw usage(command, `--${name} is ${text}; expected a number from ${range[0]} to ${range[1]}`);
}

function usage(command: string, message: string): ControlFailure {
  return new ControlFailure(`${message}; see plimsoll ${command} --help`, 2);
}
