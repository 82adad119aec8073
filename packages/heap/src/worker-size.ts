import { formatBytes, mib, PlimsollError } from '@plimsoll/memory';
import type { HeapPlan } from './plan/heap-plan.ts';
import { WORKER_SEMI_SPACE_BYTES } from './plan/reserves.ts';

/** Young generation that every plan keeps for a worker: three semi-spaces. */
export const plannedWorkerYoungBytes: number = 3 * WORKER_SEMI_SPACE_BYTES;

/** `resourceLimits` of a worker thread, in MiB as Node.js takes them. */
export interface WorkerSize {
  readonly maxOldGenerationSizeMb: number;
  /** Three semi-spaces. */
  readonly maxYoungGenerationSizeMb: number;
}

/** Options of a pool of worker threads: the members that `piscina` and `tinypool` have in common. */
export interface WorkerPoolOptions {
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly resourceLimits: WorkerSize;
}

/**
 * The `resourceLimits` that `plan` keeps room for: `new Worker(file, { resourceLimits: sizeWorker(plan) })`. They only count where {@link honourWorkerLimits} was
 * called, as the guard does.
 * @throws ERR_PLIMSOLL_PLAN when the plan has no workers.
 */
export function sizeWorker(plan: Pick<HeapPlan, 'workers'>): WorkerSize {
  const { oldSpaceBytes, semiSpaceBytes } = workersOf(plan);
  return {
    maxOldGenerationSizeMb: Math.floor(oldSpaceBytes / mib(1)),
    maxYoungGenerationSizeMb: Math.floor((3 * semiSpaceBytes) / mib(1)),
  };
}

/**
 * A pool of exactly the workers that `plan` keeps room for: `new Piscina({ filename, ...sizeWorkerPool(plan) })`.
 * @throws ERR_PLIMSOLL_PLAN when the plan has no workers.
 */
export function sizeWorkerPool(plan: Pick<HeapPlan, 'workers'>): WorkerPoolOptions {
  const { workerCount } = workersOf(plan);
  return { minThreads: Math.min(1, workerCount), maxThreads: workerCount, resourceLimits: sizeWorker(plan) };
}

/**
 * Checks `resourceLimits` that somebody has chosen himself against what `plan` keeps for one worker. A member that is not set gets V8's default, which is that of
 * a main thread, so it does not pass.
 * @throws ERR_PLIMSOLL_PLAN when a worker may grow beyond its part, with both numbers.
 */
export function requireWorkerFits(
  resourceLimits: { readonly maxOldGenerationSizeMb?: number; readonly maxYoungGenerationSizeMb?: number },
  plan: Pick<HeapPlan, 'workers' | 'limitBytes'>,
): void {
  const size = sizeWorker(plan);
  for (const name of ['maxOldGenerationSizeMb', 'maxYoungGenerationSizeMb'] as const) {
    const given = resourceLimits[name];
    if (given !== undefined && given > 0 && given <= size[name]) continue;
    throw new PlimsollError(
      'ERR_PLIMSOLL_PLAN',
      `resourceLimits.${name} is ${given ?? 'not set'}; the plan for ${formatBytes(plan.limitBytes)} keeps ${size[name]} for each worker. ` +
        `Use sizeWorker(plan), or plan for larger workers (PLIMSOLL_WORKER_HEAP).`,
      { details: { name, given, planned: size[name] } },
    );
  }
}

function workersOf({ workers }: Pick<HeapPlan, 'workers'>): NonNullable<HeapPlan['workers']> {
  if (workers !== undefined) return workers;
  throw new PlimsollError(
    'ERR_PLIMSOLL_PLAN',
    'This plan keeps no room for workers; expected a plan with workerCount above 0. State it in planHeap({ workerCount }) or PLIMSOLL_WORKERS.',
  );
}
