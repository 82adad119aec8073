import { parseArgs } from 'node:util';
import { CommandFailure } from '../failure.ts';

/** Options of `plimsoll run`, each with the variable that carries it to the service. */
export const runOptions = {
  limit: {
    variable: 'PLIMSOLL_LIMIT',
    form: '<size>',
    text: 'memory the service may use, when the kernel does not say',
  },
  external: {
    variable: 'PLIMSOLL_EXTERNAL',
    form: '<size>',
    text: 'memory for Buffers and native libraries',
  },
  workers: { variable: 'PLIMSOLL_WORKERS', form: '<count>', text: 'worker threads of the service' },
  'worker-heap': { variable: 'PLIMSOLL_WORKER_HEAP', form: '<size>', text: 'old space of each worker' },
  children: {
    variable: 'PLIMSOLL_CHILDREN',
    form: '<count>',
    text: 'child processes of Node.js; every process gets an equal share',
  },
  'incident-dir': { variable: 'PLIMSOLL_INCIDENT_DIR', form: '<folder>', text: 'where evidence is written' },
} as const;

/** `plimsoll run [options] [--] program [arguments]`, taken apart. */
export interface RunInvocation {
  readonly wantsHelp: boolean;
  /** Variables of the options given, to be set for the service. */
  readonly variables: Readonly<Record<string, string>>;
  /** The program and its arguments. */
  readonly program: readonly string[];
}

/** The usage of `run`, for a command line that has no program. */
export const runUsage =
  'usage: plimsoll run [--limit <size>] [--external <size>] [--workers <count>] [--children <count>] [--incident-dir <folder>] -- node server.js …';

/**
 * Takes apart the words after `run`. Everything from the first word that is no option, or from `--`, belongs to the program and is not looked at.
 * @throws CommandFailure with exit code 2 for an unknown option, an option without its value and a missing program.
 */
export function parseRunWords(words: readonly string[]): RunInvocation {
  const options = {
    limit: { type: 'string' },
    external: { type: 'string' },
    workers: { type: 'string' },
    'worker-heap': { type: 'string' },
    children: { type: 'string' },
    'incident-dir': { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  const { tokens } = parseArgs({
    args: [...words],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const end = tokens.find((token) => token.kind !== 'option');
  const ownCount = end?.index ?? words.length;
  let values: Partial<Record<keyof typeof runOptions, string>> & { help?: boolean };
  try {
    ({ values } = parseArgs({ args: words.slice(0, ownCount), options, strict: true }));
  } catch (error) {
    throw new CommandFailure(`${(error as Error).message.split('\n')[0] ?? 'bad option'}\n${runUsage}`);
  }
  const program = words.slice(end?.kind === 'option-terminator' ? ownCount + 1 : ownCount);
  const wantsHelp = values.help === true;
  if (program.length === 0 && !wantsHelp)
    throw new CommandFailure(`run needs a program to start.\n${runUsage}`);
  const variables: Record<string, string> = {};
  for (const [name, { variable }] of Object.entries(runOptions)) {
    const value = values[name as keyof typeof runOptions];
    if (value !== undefined) variables[variable] = value;
  }
  return { wantsHelp, variables, program };
}
