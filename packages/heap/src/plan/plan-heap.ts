import { formatBytes, mib, PlimsollError } from '@plimsoll/memory';
import { explainPlan } from './explanation.ts';
import { fullPlanOptions } from './full-plan-options.ts';
import type { HeapPlan, HeapReserve, PlanHeapOptions } from './heap-plan.ts';
import {
  fixedReserves,
  type FullPlanOptions,
  heapOverheadBytes,
  oldSpaceWithin,
  ownLimitBytes,
  semiSpaceBytesFor,
  WORKER_SEMI_SPACE_BYTES,
} from './reserves.ts';

/** The smallest old space worth starting: a service with an HTTP server and a framework keeps about 10 MiB alive. */
const FLOOR_BYTES: number = mib(16);

const MIB = mib(1);

/**
 * How large the heap may be under a limit, and what every other byte is for. Pure: reads nothing, starts nothing.
 * @throws ERR_PLIMSOLL_OPTION when a size is not a count of bytes.
 * @throws ERR_PLIMSOLL_PLAN when the old space would be below 16 MiB, with the numbers and the limit that would do.
 * @see https://v8.dev/blog/trash-talk for the young generation
 */
export function planHeap(options: PlanHeapOptions): HeapPlan {
  const full = fullPlanOptions(options);
  const { limitBytes, semiSpaceBytes } = full;
  const fixed = fixedReserves(full);
  const freeBytes = limitBytes - sumBytes(fixed);
  const oldSpaceBytes = Math.floor(oldSpaceWithin(freeBytes, full.nodeMajor) / MIB) * MIB;
  if (oldSpaceBytes < FLOOR_BYTES)
    throw refusal(full, fixed, oldSpaceBytes, options.semiSpaceBytes !== undefined);
  const overheadBytes = heapOverheadBytes(oldSpaceBytes, full.nodeMajor);
  const restBytes = freeBytes - oldSpaceBytes - overheadBytes;
  const reserves: HeapReserve[] = fixed.map((reserve) =>
    reserve.name === 'margin' ? { ...reserve, bytes: reserve.bytes + restBytes } : reserve,
  );
  reserves.splice(4, 0, {
    name: 'heap-overhead',
    bytes: overheadBytes,
    reason: `V8’s own bookkeeping and fragmentation: ${Math.round((overheadBytes / oldSpaceBytes) * 100)} % of the old space`,
  });
  const parts = {
    limitBytes,
    limitOrigin: options.limitOrigin,
    oldSpaceBytes,
    semiSpaceBytes,
    heapLimitBytes: oldSpaceBytes + 3 * semiSpaceBytes,
    reserves,
    workers:
      full.workerCount === 0
        ? undefined
        : {
            workerCount: full.workerCount,
            oldSpaceBytes: full.workerOldSpaceBytes,
            semiSpaceBytes: WORKER_SEMI_SPACE_BYTES,
          },
    childCount: full.childCount,
    platform: full.platform,
    flags: [`--max-old-space-size=${oldSpaceBytes / MIB}`, `--max-semi-space-size=${semiSpaceBytes / MIB}`],
  };
  return { ...parts, explain: () => explainPlan(parts) };
}

function sumBytes(reserves: readonly HeapReserve[]): number {
  return reserves.reduce((sum, reserve) => sum + reserve.bytes, 0);
}

/** The smallest limit, in whole MiB, whose plan reaches the floor with everything else as it is. */
function smallestLimitBytes(options: FullPlanOptions, semiIsGiven: boolean): number {
  const needBytes = FLOOR_BYTES + heapOverheadBytes(FLOOR_BYTES, options.nodeMajor);
  for (let limitBytes = Math.ceil(options.limitBytes / MIB) * MIB; ; limitBytes += MIB) {
    const at = { ...options, limitBytes };
    const semiSpaceBytes = semiIsGiven ? options.semiSpaceBytes : semiSpaceBytesFor(ownLimitBytes(at));
    if (limitBytes - sumBytes(fixedReserves({ ...at, semiSpaceBytes })) >= needBytes) {
      return limitBytes;
    }
  }
}

function refusal(
  options: FullPlanOptions,
  fixed: readonly HeapReserve[],
  oldSpaceBytes: number,
  semiIsGiven: boolean,
): PlimsollError {
  const { limitBytes, externalBytes, workerCount, childCount, besideBytes } = options;
  const neededBytes = smallestLimitBytes(options, semiIsGiven);
  const spent = fixed.map(({ name, bytes }) => `${name} ${formatBytes(bytes)}`).join(', ');
  const lower = [
    externalBytes > 0 ? 'the budget for Buffers (PLIMSOLL_EXTERNAL)' : '',
    workerCount > 0
      ? 'the number of workers (PLIMSOLL_WORKERS) or the heap of each (PLIMSOLL_WORKER_HEAP)'
      : '',
    childCount > 0 ? 'the number of child processes (PLIMSOLL_CHILDREN)' : '',
    besideBytes > 0 ? 'what runs beside the service (start node directly, without a package manager)' : '',
  ].filter((part) => part !== '');
  const remedy =
    lower.length === 0
      ? `Raise the memory limit to at least ${formatBytes(neededBytes)}.`
      : `Raise the memory limit to at least ${formatBytes(neededBytes)}, or lower ${lower.join(' or ')}.`;
  const left = Math.max(0, oldSpaceBytes);
  return new PlimsollError(
    'ERR_PLIMSOLL_PLAN',
    `No heap fits a limit of ${formatBytes(limitBytes)}: ${spent} leave ${formatBytes(left)} for the old space, below the floor of ${formatBytes(FLOOR_BYTES)}. ${remedy}`,
    { details: { limitBytes, oldSpaceBytes: left, floorBytes: FLOOR_BYTES, neededBytes, reserves: fixed } },
  );
}
