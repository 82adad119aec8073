import { durationRange, requireCount } from '@plimsoll/memory/holders';
import type { WaiterExtras } from './waiter-block.ts';

/** How one call of {@link ResourcePool.acquire} waits. */
export interface AcquireOptions {
  /** Ends the wait: the caller gets ERR_PLIMSOLL_ABORTED, and the resource that comes goes to the next. */
  readonly signal?: AbortSignal;
  /**
   * Milliseconds, or Infinity.
   * @default the pool's acquireTimeoutMs
   */
  readonly timeoutMs?: number;
  /** Who asks, for events, errors and the report of {@link ResourcePool.drain}: a name from source code. Costs nothing, where a stack costs 5 to 10 µs. */
  readonly label?: string;
}

/** What a caller that gives no options gives. */
export const noAcquireOptions: AcquireOptions = Object.freeze({});

/**
 * What a waiting caller brings along.
 * @throws ERR_PLIMSOLL_OPTION when its time-out cannot be used.
 */
export function requireExtras({ label, timeoutMs }: AcquireOptions, stack: string | undefined): WaiterExtras {
  if (timeoutMs !== undefined) requireCount('timeoutMs', timeoutMs, durationRange);
  return {
    label,
    stack,
    ownTimeout: timeoutMs !== undefined,
    cleanUp: undefined,
    block: undefined,
    index: 0,
  };
}
