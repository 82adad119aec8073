/** An option of a control command. */
export interface ControlOption {
  readonly type: 'boolean' | 'string';
  /** The form of the value in the help. */
  readonly form?: string;
  readonly text: string;
}

/** A command that speaks to running processes: read by the parser of these commands and by the help. No command library is loaded for them. */
export interface ControlCommandSpec {
  readonly summary: string;
  readonly description: string;
  readonly argument?: readonly [form: string, text: string];
  readonly options: Readonly<Record<string, ControlOption>>;
}

/** The name of a control command. */
export type ControlCommandName = 'top' | 'explain' | 'census' | 'capture' | 'drill';

const json: ControlOption = { type: 'boolean', text: 'as one JSON object' };
const sourceMaps: ControlOption = {
  type: 'string',
  form: '<dir>',
  text: 'name minified code as it was written, by the .map files of this build',
};
const maxPause: ControlOption = {
  type: 'string',
  form: '<ms>',
  text: 'allow a longer pause than PLIMSOLL_MAX_PAUSE, this once',
};
const yes: ControlOption = { type: 'boolean', text: 'without asking' };
const process: ControlCommandSpec['argument'] = [
  '[process]',
  'pid, host name or name of the run folder; without it, the only one',
];

/** Every control command by its name. */
export const controlCommands: Readonly<Record<ControlCommandName, ControlCommandSpec>> = {
  top: {
    summary: 'show guarded processes against their load line',
    description:
      'A live table of every guarded process of this user: memory against the load line, level, heap, time to the limit, largest holder. Ends with Ctrl-C.',
    options: {
      once: { type: 'boolean', text: 'one table; so too when the output is no terminal' },
      json: { type: 'boolean', text: 'one JSON array' },
    },
  },
  explain: {
    summary: 'say what was seen, what fired, and what did not and why',
    description:
      'Says of a running process or of an incident what was seen, what fired, and what did not fire and why, with the numbers. Without a name: the only running process, ' +
      'else the newest incident.',
    argument: ['[incident|process]', 'a pid, the folder or name of an incident, or last'],
    options: { json, 'source-maps': sourceMaps },
  },
  census: {
    summary: 'name the containers that hold the most in a running process',
    description:
      'Names the variables of a running process that hold the most, and the lines that allocated what lives. The service stands still for 20 to 300 ms.',
    argument: process,
    options: {
      json,
      'source-maps': sourceMaps,
      full: {
        type: 'boolean',
        text: 'count all objects by class too, if memory and PLIMSOLL_MAX_PAUSE allow it',
      },
      'max-pause': maxPause,
    },
  },
  capture: {
    summary: 'predict what evidence costs, ask, and take it',
    description:
      'Predicts how long a heap snapshot would stop a running process and how large it would be, asks, and files an incident: timeline, allocation profile and, if it can ' +
      'be afforded, the snapshot. What memory or disk has no room for is never taken.',
    argument: process,
    options: {
      yes,
      json,
      'max-pause': maxPause,
      'no-snapshot': { type: 'boolean', text: 'timeline and profile only' },
    },
  },
  drill: {
    summary: 'rehearse a leak in a running process',
    description:
      'Leaks a little on purpose inside a running process, takes the evidence, checks that it names the leak, gives everything back, and says what would happen at night.',
    argument: process,
    options: {
      yes,
      json,
      mib: { type: 'string', form: '<count>', text: 'how much to leak, 1 to 64 (8)' },
      seconds: { type: 'string', form: '<count>', text: 'for how long, at most 60 (3)' },
      keep: { type: 'boolean', text: 'keep the incident folder' },
    },
  },
};

/** True when `word` names a control command. */
export function isControlCommand(word: string | undefined): word is ControlCommandName {
  return word !== undefined && Object.hasOwn(controlCommands, word);
}
