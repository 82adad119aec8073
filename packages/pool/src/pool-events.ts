import { channel } from 'node:diagnostics_channel';

/** What happened in a pool, as {@link PoolEvent.event} names it. */
export type PoolEventName =
  | 'created'
  | 'create-failed'
  | 'destroyed'
  | 'destroy-failed'
  | 'acquire-timed-out'
  | 'queue-full'
  | 'leaked'
  | 'trimmed'
  | 'drained';

/** What the diagnostics channel `plimsoll:pool` carries. Names from source code and numbers, never a resource. */
export interface PoolEvent {
  /** The `name` option of the pool. */
  readonly pool: string;
  readonly event: PoolEventName;
  /** The numbers and words behind it: `reason`, `waiterCount`, `heldMs`, `stack`, … */
  readonly details: Readonly<Record<string, number | string | null>>;
}

/** The diagnostics channel that every pool of this process publishes its events on. */
export const poolChannelName = 'plimsoll:pool';

const poolChannel = channel(poolChannelName);

/** Publishes one event when somebody listens; without a subscriber it costs one property read. */
export function publishPoolEvent(pool: string, event: PoolEventName, details: PoolEvent['details']): void {
  if (poolChannel.hasSubscribers) poolChannel.publish({ pool, event, details } satisfies PoolEvent);
}
