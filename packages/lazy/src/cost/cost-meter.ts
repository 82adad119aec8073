import { openSync, readSync } from 'node:fs';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type LoadCost, noCost } from './cost-report.ts';

/** What belongs to the measurement and runs in the same process: its share is taken off. */
export interface Beside {
  /** CPU it has used so far, in microseconds. */
  readCpuUs(): number;
  /** Bytes it holds. */
  readonly heldBytes: number;
}

/** Growth of the heap after which a reading that may collect does: what a file of 100 kB makes as it compiles. */
const COLLECT_STEP_BYTES = 512 * 1_024;

/** How far a reading goes to tell heap from garbage: not at all, when there may be much of it, always. */
export type Exactness = 'raw' | 'stepwise' | 'collected';

/** What was used up to a moment. */
export interface Reading {
  /** With the garbage of that moment. */
  readonly used: LoadCost;
  /** What was collected right afterwards; undefined when nothing was. */
  readonly garbageBytes: number | undefined;
}

/**
 * Reads what the process has used so far, CPU of its own collections and threads left out. Reads the kernel's file itself, because a reading stands between any two modules
 * and has to take microseconds: 10 µs without a collection.
 */
export class CostMeter {
  readonly #collect: () => void;
  readonly #statm: number | undefined;
  readonly #buffer = Buffer.alloc(128);
  readonly #beside: Beside | undefined;
  #excludedCpuUs = 0;
  #collectedHeapBytes = 0;

  constructor(beside?: Beside) {
    this.#beside = beside;
    setFlagsFromString('--expose-gc');
    this.#collect = runInNewContext('gc') as () => void;
    this.#statm = openStatm();
  }

  /** What was used up to now. */
  read(exactness: Exactness): Reading {
    const cpuUs = this.#cpuUsedUs();
    const heapBytes = getHeapStatistics().used_heap_size;
    const due =
      exactness === 'collected' ||
      (exactness === 'stepwise' && Math.abs(heapBytes - this.#collectedHeapBytes) >= COLLECT_STEP_BYTES);
    if (due) {
      this.#collect();
      this.#collectedHeapBytes = getHeapStatistics().used_heap_size;
    }
    const anonymousBytes = this.#readAnonymousBytes() - (this.#beside?.heldBytes ?? 0);
    const used = { cpuMs: (cpuUs - this.#excludedCpuUs) / 1_000, heapBytes, anonymousBytes };
    this.#excludedCpuUs += this.#cpuUsedUs() - cpuUs;
    return { used, garbageBytes: due ? heapBytes - this.#collectedHeapBytes : undefined };
  }

  #cpuUsedUs(): number {
    const { user, system } = process.cpuUsage();
    return user + system - (this.#beside?.readCpuUs() ?? 0);
  }

  /** `resident - shared` pages of /proc/self/statm. */
  #readAnonymousBytes(): number {
    if (this.#statm === undefined) return noCost.anonymousBytes;
    const length = readSync(this.#statm, this.#buffer, 0, this.#buffer.length, 0);
    const [, resident = 0, shared = 0] = this.#buffer.toString('latin1', 0, length).split(' ').map(Number);
    return (resident - shared) * PAGE_BYTES;
  }
}

/** Page size of every Linux that Node.js has builds for, but arm64 with 64 KiB pages. */
const PAGE_BYTES = 4_096;

function openStatm(): number | undefined {
  try {
    return openSync('/proc/self/statm', 'r');
  } catch {
    // Not Linux: resident memory is reported as 0.
    return undefined;
  }
}
