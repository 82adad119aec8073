import { getHeapStatistics } from 'node:v8';
import { processEnvironment } from '@plimsoll/memory';

const MIB = 1024 * 1024;
/** Share of `heap_size_limit` that is old space when no flag says: Node's defaults keep 1–10 % for the young generation. */
const USUAL_SHARE = 0.9;

/**
 * What old space of this thread may grow to. V8 tells only the sum with three semi-spaces (`heap_size_limit`); the flag tells the rest where it is set, which a planned heap
 * always has.
 */
export function readOldSpaceLimitBytes(): number {
  const { heap_size_limit: heapLimitBytes } = getHeapStatistics();
  const words = [...(processEnvironment()['NODE_OPTIONS'] ?? '').split(/\s+/), ...process.execArgv];
  let flaggedBytes: number | undefined;
  for (const word of words) {
    const found = /^--max[-_]old[-_]space[-_]size=(\d+)$/.exec(word)?.[1];
    if (found !== undefined && Number(found) > 0) flaggedBytes = Number(found) * MIB;
  }
  return flaggedBytes !== undefined && flaggedBytes < heapLimitBytes
    ? flaggedBytes
    : Math.round(heapLimitBytes * USUAL_SHARE);
}
