import { mib } from '@plimsoll/memory';
import { platformHere, platforms } from './plan/platform.ts';
import { GUARD_BYTES, heapOverheadBytes } from './plan/reserves.ts';

/** One reading of a service that ran. */
export interface ObservedMemory {
  readonly heapCommittedBytes: number;
  /** External memory V8 knows of, ArrayBuffers included. */
  readonly externalBytes: number;
  /** Anonymous memory that is neither heap nor external. */
  readonly otherNativeBytes: number;
  /** What other processes of the container had. */
  readonly otherProcessesBytes: number;
}

/** What a plan should know of a service. */
export interface ObservedTerms {
  readonly externalBytes: number;
  readonly besideBytes: number;
}

/**
 * The options of a plan that follow from what was measured: the largest reading counts, rounded up to a whole MiB. `externalBytes` is everything outside the main
 * heap that the plan's own reserves do not cover, worker threads included.
 */
export function observedTerms(readings: Iterable<ObservedMemory>, nodeMajor: number): ObservedTerms {
  let externalBytes = 0;
  let besideBytes = 0;
  const coveredBytes = platforms[platformHere()].processBytes + GUARD_BYTES;
  for (const reading of readings) {
    const overheadBytes = heapOverheadBytes(reading.heapCommittedBytes, nodeMajor);
    const uncoveredBytes = Math.max(0, reading.otherNativeBytes - coveredBytes - overheadBytes);
    externalBytes = Math.max(externalBytes, reading.externalBytes + uncoveredBytes);
    besideBytes = Math.max(besideBytes, reading.otherProcessesBytes);
  }
  return { externalBytes: wholeMib(externalBytes), besideBytes: wholeMib(besideBytes) };
}

function wholeMib(bytes: number): number {
  return Math.ceil(bytes / mib(1)) * mib(1);
}
