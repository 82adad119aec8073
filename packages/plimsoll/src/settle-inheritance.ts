// Keeps what was added for this process from its children: `fork`, `cluster` and `NODE_OPTIONS` would give each of them a heap of the whole container. In a
// launcher, whose child is the service, and where children were stated (PLIMSOLL_CHILDREN), so that what was added is the share of each process, it is passed on
// instead, through `NODE_OPTIONS`.
import { isMainThread } from 'node:worker_threads';
import { joinNodeOptions, splitNodeOptions } from '@plimsoll/heap';
import { processEnvironment, startWords } from '@plimsoll/memory';
import { abortFlag } from './abort-flag.ts';
import { isLauncher } from './launcher.ts';
import { markPlannedHeap } from './planned-heap.ts';
import { preloadArgument, splittablePreloadArgument } from './preload-file.ts';

/** A size flag as `plimsoll run` and `plimsoll flags` write it. */
const SIZE_FLAG = /^--max-(?:old|semi)-space-size=\d+$/;

function settle(): void {
  // The readings need the flags that are about to be taken out.
  startWords();
  const environment = processEnvironment();
  const inherited = splitOff(splitNodeOptions(environment['NODE_OPTIONS'] ?? ''));
  const argued = splitOff(process.execArgv);
  process.execArgv.splice(0, process.execArgv.length, ...argued.others);
  if ([...argued.ours, ...inherited.ours].some((word) => SIZE_FLAG.test(word))) markPlannedHeap();
  if (isLauncher(process.argv[1]) || Number(environment['PLIMSOLL_CHILDREN']) > 0) {
    const passed = argued.ours.filter((word) => word !== abortFlag);
    if (passed.length > 0) setNodeOptions(environment, [...passed, ...inherited.others]);
  } else if (inherited.ours.length > 0) setNodeOptions(environment, inherited.others);
}

function setNodeOptions(environment: NodeJS.ProcessEnv, words: readonly string[]): void {
  if (words.length > 0) environment['NODE_OPTIONS'] = joinNodeOptions(words);
  else delete environment['NODE_OPTIONS'];
}

/** Ours are our preload and our flags that directly precede it; and the rest: Yarn puts a preload of its own before them. */
function splitOff(words: readonly string[]): { ours: readonly string[]; others: readonly string[] } {
  const forms = [preloadArgument(), splittablePreloadArgument()];
  const end = words.findIndex((word) => forms.includes(word)) + 1;
  if (end === 0) return { ours: [], others: words };
  let start = end - 1;
  while (start > 0 && isOurFlag(words[start - 1] ?? '')) start -= 1;
  return { ours: words.slice(start, end), others: [...words.slice(0, start), ...words.slice(end)] };
}

function isOurFlag(word: string): boolean {
  return word === abortFlag || SIZE_FLAG.test(word);
}

if (isMainThread) settle();
