import { mib } from '@plimsoll/memory';
import { splitNodeOptions } from './node-options.ts';
import { nodeArgumentsOf } from './node-arguments.ts';

/** The flags by which a user sizes the heap himself, with dashes. */
const HEAP_FLAGS = [
  'max-old-space-size',
  'max-old-space-size-percentage',
  'max-semi-space-size',
  'max-heap-size',
] as const;

/** A flag by which a user sizes the heap himself. */
export type HeapFlagName = (typeof HEAP_FLAGS)[number];

/** One such flag as it was found. */
export interface UserHeapFlag {
  readonly name: HeapFlagName;
  /** As written: `--max_old_space_size=300`. */
  readonly text: string;
  /** Bytes of a size, or NaN for a percentage and for a value that is no number. */
  readonly bytes: number;
  readonly setBy: 'command line' | 'NODE_OPTIONS';
}

/** What the user has set himself. Of several of one name the last counts, and the command line goes before `NODE_OPTIONS`, as in Node.js. */
export interface UserHeapFlags {
  readonly all: readonly UserHeapFlag[];
  /** True when old space or whole heap is set: the size of the heap is then the user's. */
  readonly sizesOldSpace: boolean;
  /** The user's semi-space, if he set one. */
  readonly semiSpaceBytes: number | undefined;
}

/** Where {@link readUserHeapFlags} looks. */
export interface UserHeapFlagSources {
  /** The words after `node`, the script and its own arguments included or not. */
  readonly execArgv: readonly string[];
  /** The value of `NODE_OPTIONS`. */
  readonly nodeOptions?: string | undefined;
}

/** The heap flags a user has set on the command line of `node` or in `NODE_OPTIONS`, with underscores or dashes. Arguments of the script do not count. */
export function readUserHeapFlags(sources: UserHeapFlagSources): UserHeapFlags {
  const found = new Map<HeapFlagName, UserHeapFlag>();
  const places = [
    ['NODE_OPTIONS', splitNodeOptions(sources.nodeOptions ?? '')],
    ['command line', nodeArgumentsOf(sources.execArgv)],
  ] as const;
  for (const [setBy, words] of places) {
    for (const word of words) {
      const flag = parseHeapFlag(word, setBy);
      if (flag !== undefined) found.set(flag.name, flag);
    }
  }
  const semiSpaceBytes = found.get('max-semi-space-size')?.bytes;
  return {
    all: [...found.values()],
    sizesOldSpace: [...found.keys()].some((name) => name !== 'max-semi-space-size'),
    semiSpaceBytes: semiSpaceBytes !== undefined && semiSpaceBytes > 0 ? semiSpaceBytes : undefined,
  };
}

function parseHeapFlag(word: string, setBy: UserHeapFlag['setBy']): UserHeapFlag | undefined {
  const match = /^--([a-z_-]+)=(.*)$/.exec(word);
  const name = HEAP_FLAGS.find((known) => known === match?.[1]?.replaceAll('_', '-'));
  if (match === null || name === undefined) return undefined;
  const count = Number(match[2]);
  // V8 takes 0 as "not set".
  if (count === 0) return undefined;
  const bytes = name === 'max-old-space-size-percentage' ? Number.NaN : mib(count);
  return { name, text: word, bytes, setBy };
}
