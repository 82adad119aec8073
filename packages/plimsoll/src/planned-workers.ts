import { honourWorkerLimits, plannedWorkerYoungBytes } from '@plimsoll/heap';
import { offerWorkerRoom, resolveConfig } from '@plimsoll/memory';

/**
 * Makes the sizes of worker threads count: the `resourceLimits` that somebody gives one, which V8's size flags override otherwise, and for those whom nobody
 * gives any (`lazyWorker`) what the plan keeps for one worker.
 */
export function settleWorkerSizes(): void {
  honourWorkerLimits();
  offerWorkerRoom(() => ({
    oldSpaceBytes: resolveConfig({ onFault: 'report' }).config.workerOldSpaceBytes,
    youngSpaceBytes: plannedWorkerYoungBytes,
  }));
}
