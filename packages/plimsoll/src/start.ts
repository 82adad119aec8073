import { isMainThread } from 'node:worker_threads';
import { type Guard, type GuardOptions, start as startGuard } from '@plimsoll/watchdog';
import { growService } from './planned-heap.ts';
import { settleWorkerSizes } from './planned-workers.ts';
import { planService } from './service-plan.ts';

/**
 * Starts the guard of this process with the heap plan of its container: watches memory, tells pressure, and files evidence before the process dies of it.
 * A second call gets a handle on the first guard. Also makes the `resourceLimits` of worker threads count, which V8's size flags override otherwise.
 * @throws ERR_PLIMSOLL_CONFIG naming every bad option and variable. Once started it never throws into the service.
 */
export function start(options: GuardOptions = {}): Guard {
  const guard = startGuard({ plan: planService, grow: growService, ...options });
  if (guard.active && isMainThread) settleWorkerSizes();
  return guard;
}
