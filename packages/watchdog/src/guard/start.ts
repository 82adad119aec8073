import { isMainThread } from 'node:worker_threads';
import {
  journal,
  type MemoryLimit,
  peekProcessWide,
  processWide,
  resolveConfig,
  resolveMemoryLimit,
} from '@plimsoll/memory';
import { takeWorkerTerms } from '../isolates/worker-terms.ts';
import { WorkerWatch } from '../isolates/worker-watch.ts';
import { type Guard, type GuardCore, GuardHandle, guardSlot } from './guard.ts';
import { configInputOf, type GuardOptions, type HeapPolicies } from './guard-options.ts';
import { Watch } from './watch.ts';

/**
 * Starts the guard of this process, or gets a handle on the one that runs already (its options then stay as they are, and the journal says so). In a worker of a
 * guarded process it starts the part that watches the worker's own heap, under the options of the main thread. Under `PLIMSOLL=off` the handle is inactive.
 * @throws ERR_PLIMSOLL_CONFIG naming every bad option and variable. Once started it never throws into the service.
 */
export function start(options: GuardOptions = {}): Guard {
  return arm(options, 'throw');
}

/** As {@link start}, for a preload: a bad variable is named in the first line and its default used. @throws nothing. */
export function startFromEnvironment(options: HeapPolicies = {}): Guard {
  return arm(options, 'report');
}

function arm(options: GuardOptions, onFault: 'throw' | 'report'): Guard {
  const running = peekProcessWide<GuardCore>(guardSlot);
  if (running !== undefined) {
    journal().write('guard', 'started-again', { optionCount: Object.keys(options).length });
    return new GuardHandle(running);
  }
  if (!isMainThread) return new GuardHandle(workerGuard());
  const { config, faults } = resolveConfig({ options: configInputOf(options), onFault });
  if (config.mode === 'off') return new GuardHandle(new Idle('PLIMSOLL=off.'));
  return new GuardHandle(processWide(guardSlot, () => new Watch(config, faults, options)));
}

/** A worker is guarded where its process is, under the terms of that guard. */
function workerGuard(): GuardCore {
  const terms = takeWorkerTerms();
  if (terms === undefined)
    return new Idle('The main thread of this process had no guard when this worker started.');
  return processWide(guardSlot, () => new WorkerWatch(terms));
}

/** The guard that does nothing. */
class Idle implements GuardCore {
  readonly active = false;
  readonly offReasons: readonly string[];
  readonly plan = undefined;
  readonly incidents: readonly string[] = [];

  constructor(reason: string) {
    this.offReasons = [reason];
  }

  get limit(): MemoryLimit {
    return resolveMemoryLimit();
  }

  capture(): { folder: undefined; files: []; refusals: readonly string[] } {
    return { folder: undefined, files: [], refusals: this.offReasons };
  }

  retain(): void {
    // Nothing runs, so nothing is counted.
  }

  release(): void {
    // As above.
  }
}
