import { formatBytes, type MemoryLimit, type MemorySample, type PressureLevel } from '@plimsoll/memory';
import type { PlannedHeap } from '../guard/guard-options.ts';
import { type InFlightReport, reportText } from '../in-flight/in-flight-request.ts';
import { describeState } from '../ladder/danger.ts';
import type { GuardLog } from './guard-log.ts';

/** V8 may exceed its planned limit by this much before the first line warns: semi-spaces are chosen in powers of two. */
const planToleranceRatio = 1.1;

/** What works in another way than by itself. */
export interface GuardState {
  readonly offReasons: readonly string[];
  /** Which other backends are active; empty when none is. */
  readonly backends: string;
}

/** The line at the start: the limit and where it came from, V8's own, which backends are active, and what is off. */
export function announceGuard(
  log: GuardLog,
  limit: MemoryLimit,
  plan: PlannedHeap | undefined,
  heapLimitBytes: number,
  { offReasons, backends }: GuardState,
): void {
  const { limitBytes, source, origin } = limit;
  const isTooLarge = plan !== undefined && heapLimitBytes > plan.heapLimitBytes * planToleranceRatio;
  const warning = isTooLarge
    ? ` V8 may grow to ${formatBytes(heapLimitBytes)}, the container has room for ${formatBytes(plan.heapLimitBytes)}: start the service with \`plimsoll run --\`.`
    : '';
  const off = offReasons.length === 0 ? '' : ` Off: ${offReasons.join(' ')}`;
  log.write(
    offReasons.length === 0 ? 'armed' : 'degraded',
    `Guarding ${formatBytes(limitBytes)} (${source}: ${origin}), heap limit ${formatBytes(heapLimitBytes)}.${warning}${backends === '' ? '' : ` ${backends}`}${off}`,
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
  requests: InFlightReport | undefined,
): void {
  const inFlight = requests === undefined || requests.count === 0 ? '' : ` ${reportText(requests)}`;
  log.write('critical', `Memory is ${level}: ${reason}; ${describeState(sample)}.${inFlight}`, {
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
