import { PlimsollError } from '../errors.ts';
import { closestName } from './closest-name.ts';
import { processEnvironment } from './environment.ts';
import { isForeignName } from './foreign-names.ts';
import { type ConfigValue, expectedForm, parseValue, showValue } from './parse-value.ts';
import { type VariableName, type VariableRow, variables } from './table.ts';

type Variables = typeof variables;
type Rows = Variables[VariableName];

/** The type of a row's value: numbers by unit, words by their list, null where nothing is set by default. */
type ValueOf<Row extends VariableRow> =
  | (Row['type'] extends 'bytes' | 'ratio' | 'ms' | 'count' ? number : never)
  | (Row['type'] extends 'switch' ? boolean : never)
  | (Row['type'] extends 'path' | 'url' ? string : never)
  | (Row extends { readonly words: readonly (infer Word)[] } ? Word : never)
  | (Row['default'] extends null ? null : never);

/** Every option of {@link variables} with its value in force. null = not set: the row's text says what happens then. */
export type PlimsollConfig = { readonly [Row in Rows as Row['option']]: ValueOf<Row> };

/** A member of {@link PlimsollConfig}. */
export type ConfigOption = keyof PlimsollConfig;

/** Where a value came from, strongest first. `cgroup`: not set, so that the kernel's limit counts. */
export type ConfigOrigin = 'option' | 'env' | 'cgroup' | 'default';

/** One thing that is wrong with the configuration. */
export interface ConfigFault {
  /** The variable or option at fault. */
  readonly name: string;
  /** One sentence: the value given, what was expected, what is used instead. */
  readonly message: string;
}

/** Options as the caller has them: a member that is undefined or null is not set; sizes and durations may be text. */
export type ConfigInput = {
  readonly [Option in ConfigOption]?: PlimsollConfig[Option] | string | null | undefined;
};

/** How {@link resolveConfig} looks. */
export interface ResolveConfigOptions {
  /** What the caller sets in code; wins over the environment. */
  readonly options?: ConfigInput;
  /**
   * The environment to read.
   * @default process.env
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * `throw`: all faults together in one error. `report`: each fault falls back to the weaker origin and is listed.
   * @default 'throw'
   */
  readonly onFault?: 'throw' | 'report';
}

/** What {@link resolveConfig} found. */
export interface ResolvedConfig {
  readonly config: PlimsollConfig;
  readonly origins: Readonly<Record<ConfigOption, ConfigOrigin>>;
  readonly faults: readonly ConfigFault[];
}

/**
 * The configuration in force: option, then `PLIMSOLL_*` variable, then default. A variable that is empty is not set. Unknown names and bad values are faults.
 * @throws ERR_PLIMSOLL_CONFIG listing every fault, unless `onFault` is `report`.
 */
export function resolveConfig(request: ResolveConfigOptions = {}): ResolvedConfig {
  const { options = {}, env = processEnvironment(), onFault = 'throw' } = request;
  const faults: ConfigFault[] = [];
  const config: Record<string, ConfigValue | null> = {};
  const origins: Record<string, ConfigOrigin> = {};
  const given = options as Readonly<Record<string, unknown>>;
  const take = (row: VariableRow, sourceName: string, value: unknown, origin: ConfigOrigin): void => {
    const { option } = row;
    const parsed = parseValue(row, value);
    if (parsed === undefined) {
      faults.push({
        name: sourceName,
        message: badValueMessage(sourceName, row, value, config[option] ?? null),
      });
      return;
    }
    config[option] = parsed;
    origins[option] = origin;
  };
  // Every start of a service comes through here: what is not set costs nothing, and the environment is asked once (each read of process.env is a system call's worth).
  const ours = ownVariables(env);
  for (const [name, row] of Object.entries(variables) as [VariableName, VariableRow][]) {
    const { option } = row;
    config[option] = row.default;
    origins[option] = option === 'limitBytes' ? 'cgroup' : 'default';
    const text = ours.get(name);
    if (text !== undefined && text !== '') take(row, name, text, 'env');
    const value = given[option];
    if (value !== undefined && value !== null) take(row, option, value, 'option');
  }
  faults.push(...misorderedThresholds(config, origins), ...unknownVariables(ours), ...unknownOptions(given));
  if (faults.length > 0 && onFault === 'throw') throw configError(faults);
  return { config, origins, faults } as unknown as ResolvedConfig;
}

function badValueMessage(
  name: string,
  row: VariableRow,
  value: unknown,
  fallback: ConfigValue | null,
): string {
  // A presigned URL is a secret, and a mistyped one still is.
  const shown = row.type === 'url' ? 'not usable' : JSON.stringify(value)?.slice(0, 80);
  const instead = fallback === null ? 'it counts as not set' : `${showValue(row, fallback)} is used`;
  return `${name} is ${shown}; expected ${expectedForm(row)}; until then ${instead}.`;
}

/** Levels of pressure that are each in range and yet not in order fall back together. */
function misorderedThresholds(
  config: Record<string, ConfigValue | null>,
  origins: Record<string, ConfigOrigin>,
): ConfigFault[] {
  const { elevatedRatio = 0, criticalRatio = 0, terminalRatio = 0, hysteresisRatio = 0 } = config;
  const isAscending =
    Number(hysteresisRatio) < Number(elevatedRatio) &&
    Number(elevatedRatio) < Number(criticalRatio) &&
    Number(criticalRatio) < Number(terminalRatio);
  if (isAscending) return [];
  const rows = [
    variables.PLIMSOLL_HYSTERESIS,
    variables.PLIMSOLL_ELEVATED,
    variables.PLIMSOLL_CRITICAL,
    variables.PLIMSOLL_TERMINAL,
  ];
  for (const row of rows) {
    config[row.option] = row.default;
    origins[row.option] = 'default';
  }
  const message = `PLIMSOLL_HYSTERESIS ${hysteresisRatio}, PLIMSOLL_ELEVATED ${elevatedRatio}, PLIMSOLL_CRITICAL ${criticalRatio}, PLIMSOLL_TERMINAL ${terminalRatio}; expected each to be below the next; until then ${rows.map((row) => row.default).join(', ')} are used.`;
  return [{ name: 'PLIMSOLL_ELEVATED', message }];
}

/** What of `env` may be meant for us. */
function ownVariables(env: Readonly<Record<string, string | undefined>>): Map<string, string | undefined> {
  const names = Object.keys(env).filter((name) => name.startsWith('PLIMSOLL'));
  return new Map(names.map((name) => [name, env[name]]));
}

function unknownVariables(ours: ReadonlyMap<string, string | undefined>): ConfigFault[] {
  const unknown = [...ours.keys()].filter((name) => !(name in variables) && !isForeignName(name));
  if (unknown.length === 0) return [];
  const known = Object.keys(variables);
  // Only the name is told: what somebody put into a variable we do not know may be anything.
  return unknown.sort().map((name) => unknownFault(name, 'is not a variable of Plimsoll', known));
}

function unknownOptions(given: Readonly<Record<string, unknown>>): ConfigFault[] {
  const names = Object.keys(given);
  if (names.length === 0) return [];
  const known: string[] = Object.values(variables).map(({ option }) => option);
  const unknown = names.filter((name) => !known.includes(name));
  return unknown.map((name) => unknownFault(name, 'is not an option of Plimsoll', known));
}

function unknownFault(name: string, what: string, known: readonly string[]): ConfigFault {
  const closest = closestName(name, known);
  const remedy = closest === undefined ? 'It has no effect.' : `Did you mean ${closest}?`;
  return { name, message: `${name} ${what}. ${remedy}` };
}

function configError(faults: readonly ConfigFault[]): PlimsollError {
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
  const lines = faults.map(({ message }) => `- ${message}`);
  return new PlimsollError(
    'ERR_PLIMSOLL_CONFIG',
    `The configuration has ${count}:\n${lines.join('\n')}\nEvery variable with its form and default is in docs/configuration.md; \`plimsoll config\` prints the values in force.`,
    { details: { faults } },
  );
}
