import { basename } from 'node:path';
import {
  type HeapPlan,
  joinNodeOptions,
  nodeArgumentsOf,
  planHeap,
  type PlanHeapOptions,
  readUserHeapFlags,
  splitNodeOptions,
  type UserHeapFlag,
} from '@plimsoll/heap';
import { formatBytes, mib, type PlimsollConfig, resolveConfig } from '@plimsoll/memory';
import { abortFlag } from '../../abort-flag.ts';
import { CommandFailure, exitCodes } from '../failure.ts';
import { preloadArgument } from '../../preload-file.ts';
import { serviceTermsOf } from '../../service-plan.ts';
import { findServiceLimit } from '../service-limit.ts';
import { findProgram } from './find-program.ts';
import type { RunInvocation } from './invocation.ts';
import { nodeMajorOf } from './node-version.ts';
import { unreadableGuardFolder } from './permission.ts';
import { kindOfProgram, type ProgramKind } from './program-kind.ts';
import type { RunNote } from './run-note.ts';

/** How a program is started so that the service in it has its heap and its guard. */
export interface RunDecision {
  /** The file that `program[0]` stands for. */
  readonly path: string;
  readonly program: readonly string[];
  /** Arguments that go between the program and its own. */
  readonly insertedArguments: readonly string[];
  /** Variables to set. */
  readonly variables: Readonly<Record<string, string>>;
  readonly notes: readonly RunNote[];
  readonly log: PlimsollConfig['log'];
}

/** Anonymous memory that stays beside the service while a manager waits for it (measured: npm 15 MiB, npx 38 to 50, pnpm 58, Yarn 1 59, PM2 24). */
const MANAGER_BYTES: Readonly<Record<string, number>> = {
  npm: mib(20),
  pm2: mib(40),
  'pm2-runtime': mib(40),
  'pm2-docker': mib(40),
};
const OTHER_MANAGER_BYTES = mib(64);

/**
 * What `plimsoll run` does with a program, decided without starting it. `environment` is the user's, with his `NODE_OPTIONS`.
 * @throws CommandFailure 127 for a missing program, 126 for one that is not Node.js and starts none.
 * @throws ERR_PLIMSOLL_CONFIG with every fault of the configuration; ERR_PLIMSOLL_PLAN when no heap fits.
 */
export function decideRun(invocation: RunInvocation, environment: NodeJS.ProcessEnv): RunDecision {
  const { program, variables } = invocation;
  const word = program[0] ?? '';
  const path = findProgram(word, environment['PATH']);
  const unchanged = { path, program, insertedArguments: [], variables, notes: [], log: 'off' as const };
  if (environment['PLIMSOLL'] === 'off') return unchanged;
  const { config } = resolveConfig({ env: { ...environment, ...variables } });
  const kind = kindOf(word, path, program.slice(1));
  if (kind === 'other') throw new CommandFailure(notNodeMessage(word), exitCodes.notRunnable);
  const given = { word, path, kind, execArgv: kind === 'node' ? program.slice(1) : [], environment };
  const heap = heapArguments(given, config);
  const guard = guardArguments(given);
  const words = [...heap.words, ...guard.words];
  const common = { path, program, log: config.log, notes: [...heap.notes, ...guard.notes] };
  if (kind === 'node') return { ...common, insertedArguments: words, variables };
  const nodeOptions = [joinNodeOptions(words), environment['NODE_OPTIONS'] ?? ''].filter(
    (part) => part !== '',
  );
  return {
    ...common,
    insertedArguments: [],
    variables: { ...variables, NODE_OPTIONS: nodeOptions.join(' ') },
  };
}

/** `node --run` starts its script through a shell and loads no preload itself. */
function kindOf(word: string, path: string, rest: readonly string[]): ProgramKind {
  const kind = kindOfProgram(word, path);
  const runsScript =
    kind === 'node' && nodeArgumentsOf(rest).some((argument) => /^--run(?:=|$)/.test(argument));
  return runsScript ? 'launcher' : kind;
}

function notNodeMessage(word: string): string {
  return (
    `${word} is neither Node.js nor a shell, launcher or package manager that starts it, so it would not take the flags. ` +
    `If it starts Node.js all the same, set them yourself: NODE_OPTIONS="$(plimsoll flags)" ${word} …`
  );
}

interface GivenProgram {
  readonly word: string;
  readonly path: string;
  readonly kind: ProgramKind;
  readonly execArgv: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

interface Insertion {
  readonly words: readonly string[];
  readonly notes: readonly RunNote[];
}

/** The size flags: those of the plan, unless the user sized the heap himself or nothing bounds the process. */
function heapArguments(given: GivenProgram, config: PlimsollConfig): Insertion {
  const { word, path, kind, execArgv, environment } = given;
  const user = readUserHeapFlags({ execArgv, nodeOptions: environment['NODE_OPTIONS'] });
  const { limit, isBounded, origin } = findServiceLimit(config);
  if (!isBounded) {
    return {
      words: [],
      notes: [user.sizesOldSpace ? keptFlagNote(user.all) : unboundedNote(limit.limitBytes)],
    };
  }
  const besideBytes = kind === 'manager' ? (MANAGER_BYTES[basename(word)] ?? OTHER_MANAGER_BYTES) : 0;
  const options = {
    limitBytes: limit.limitBytes,
    limitOrigin: origin,
    ...serviceTermsOf(config),
    besideBytes,
    ...(kind === 'node' ? { nodeMajor: nodeMajorOf(path, environment) } : {}),
    ...(user.semiSpaceBytes === undefined ? {} : { semiSpaceBytes: user.semiSpaceBytes }),
  };
  if (user.sizesOldSpace) return { words: [], notes: [keptFlagNote(user.all, planOrNone(options))] };
  const plan = planHeap(options);
  if (user.all.length === 0) return { words: plan.flags, notes: [] };
  const words = plan.flags.filter((flag) => !flag.startsWith('--max-semi-space-size'));
  return { words, notes: [keptFlagNote(user.all, plan)] };
}

/** The plan for comparison with what the user has set, which stays whether one fits or not. */
function planOrNone(options: PlanHeapOptions): HeapPlan | undefined {
  try {
    return planHeap(options);
  } catch {
    return undefined;
  }
}

function keptFlagNote(all: readonly UserHeapFlag[], plan?: HeapPlan): RunNote {
  const flags = all.map(({ text, setBy }) => `${text} (${setBy})`).join(' and ');
  const compared =
    plan === undefined
      ? ''
      : ` The plan for ${formatBytes(plan.limitBytes)} has an old space of ${formatBytes(plan.oldSpaceBytes)}.`;
  return { event: 'heap-flag-kept', message: `${flags} was set by you and stays.${compared}` };
}

function unboundedNote(limitBytes: number): RunNote {
  return {
    event: 'heap-default-kept',
    message:
      `nothing limits this process below the machine’s ${formatBytes(limitBytes)}, so V8 keeps its default heap; ` +
      'state a limit with PLIMSOLL_LIMIT or --limit to have one planned.',
  };
}

/** The preload that arms the guard, where the service will be able to read it. */
function guardArguments(given: GivenProgram): Insertion {
  const nodeWords = [
    ...nodeArgumentsOf(given.execArgv),
    ...splitNodeOptions(given.environment['NODE_OPTIONS'] ?? ''),
  ];
  const folder = unreadableGuardFolder(nodeWords);
  if (folder !== undefined) {
    const message = `--permission does not let the service read ${folder}; add --allow-fs-read=${folder} to have it guarded.`;
    return { words: [], notes: [{ event: 'guard-off', message }] };
  }
  return { words: [...(given.kind === 'node' ? [abortFlag] : []), preloadArgument()], notes: [] };
}
