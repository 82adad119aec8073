import { joinNodeOptions, splitNodeOptions } from '@plimsoll/heap';
import { processEnvironment } from '@plimsoll/memory';
import { isLauncher } from './launcher.ts';

/** A size flag as `plimsoll run` and `plimsoll flags` write it. */
const SIZE_FLAG = /^--max-(?:old|semi)-space-size=\d+$/;

/**
 * Keeps what was added for this process from its children: `fork`, `cluster` and `NODE_OPTIONS` would give each of them a heap of the whole container. In a
 * launcher, whose child is the service, what was added is passed on instead, through `NODE_OPTIONS`. Ours are the size flags before the preload and the preload.
 */
export function settleInheritance(preloadPath: string): void {
  const isOurs = (word: string) => word === `--require=${preloadPath}`;
  const environment = processEnvironment();
  const inherited = splitOff(splitNodeOptions(environment['NODE_OPTIONS'] ?? ''), isOurs);
  const argued = splitOff(process.execArgv, isOurs);
  process.execArgv.splice(0, argued.ours.length);
  if (isLauncher(process.argv[1])) {
    if (argued.ours.length > 0) setNodeOptions(environment, [...argued.ours, ...inherited.others]);
  } else if (inherited.ours.length > 0) setNodeOptions(environment, inherited.others);
}

function setNodeOptions(environment: NodeJS.ProcessEnv, words: readonly string[]): void {
  if (words.length > 0) environment['NODE_OPTIONS'] = joinNodeOptions(words);
  else delete environment['NODE_OPTIONS'];
}

/** The words up to our preload, when nothing but size flags precedes it, and the rest. */
function splitOff(
  words: readonly string[],
  isPreload: (word: string) => boolean,
): { ours: string[]; others: string[] } {
  const end = words.findIndex(isPreload);
  const ours = words.slice(0, end + 1);
  const isClean = ours.slice(0, -1).every((word) => SIZE_FLAG.test(word));
  return isClean ? { ours, others: words.slice(end + 1) } : { ours: [], others: words.slice() };
}
