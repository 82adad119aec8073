import { formatBytes, type MemoryLimit, type MemorySample, type PressureLevel } from '@plimsoll/memory';
import type { PlannedHeap } from '../guard/guard-options.ts';
import { describeState } from '../ladder/danger.ts';
import type { GuardLog } from './guard-log.ts';

/** V8 may exceed its planned limit by this much before the first line warns: semi-spaces are chosen in powers of two. */
const planToleranceRatio = 1.1;

/** The line at the start: the limit and where it came from, V8's own, and what is off. */
export function announceGuard(
  log: GuardLog,
  limit: MemoryLimit,
  plan: PlannedHeap | undefined,
  heapLimitBytes: number,
  offReasons: readonly string[],
): void {
  const { limitBytes, source, origin } = limit;
  const isTooLarge = plan !== undefined && heapLimitBytes > plan.heapLimitBytes * planToleranceRatio;
  const warning = isTooLarge
    ? ` V8 may grow to ${formatBytes(heapLimitBytes)}, the container has room for ${formatBytes(plan.heapLimitBytes)}: start the service with \`plimsoll run --\`.`
    : '';
  const off = offReasons.length === 0 ? '' : ` Off: ${offReasons.join(' ')}`;
  log.write(
    offReasons.length === 0 ? 'armed' : 'degraded',
    `Guarding ${formatBytes(limitBytes)} (${source}: ${origin}), heap limit ${formatBytes(heapLimitBytes)}.${warning}${off}`,
    { limitBytes, limitOrigin: origin, heapLimitBytes },
  );
}

/** The line at a deep level, with the split of memory and the incident. */
export function reportLevel(
  log: GuardLog,
  sample: MemorySample,
  level: PressureLevel,
  reason: string,
  incident: string | null,
): void {
  log.write('critical', `Memory is ${level}: ${reason}; ${describeState(sample)}.`, {
    level,
    workingSetBytes: sample.workingSetBytes,
    limitBytes: sample.limitBytes,
    headroomBytes: sample.headroomBytes,
    heapUsedBytes: sample.heapUsedBytes,
    heapLimitBytes: sample.heapLimitBytes,
    externalBytes: sample.externalBytes,
    otherNativeBytes: sample.otherNativeBytes,
    otherProcessesBytes: sample.otherProcessesBytes,
    incident,
  });
}
