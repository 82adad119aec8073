import { readFileSync } from 'node:fs';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/** What this process has used, after a full collection that is not counted. */
export function readOwnMemory() {
  const { user, system } = process.cpuUsage();
  collect();
  const [, resident, shared] = readFileSync('/proc/self/statm', 'utf8').split(' ').map(Number);
  return {
    cpuMs: (user + system) / 1_000,
    heapBytes: getHeapStatistics().used_heap_size,
    anonymousBytes: (resident - shared) * 4_096,
  };
}
