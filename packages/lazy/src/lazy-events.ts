import { channel } from 'node:diagnostics_channel';

/** What happened to something lazy, as {@link LazyEvent.event} names it. */
export type LazyEventName =
  | 'loaded'
  | 'load-failed'
  | 'unloaded'
  | 'dispose-failed'
  | 'started'
  | 'ended'
  | 'crashed';

/** What the diagnostics channel `plimsoll:lazy` carries. Names from source code and numbers, never a value. */
export interface LazyEvent {
  /** The `name` option, or the place of declaration. */
  readonly name: string;
  readonly event: LazyEventName;
  /** The numbers and words behind it: `loadMs`, `reason`, `exitCode`, `error`, … */
  readonly details: Readonly<Record<string, number | string | null>>;
}

/** The diagnostics channel that everything lazy in this process publishes its events on. */
export const lazyChannelName = 'plimsoll:lazy';

const lazyChannel = channel(lazyChannelName);

/** Publishes one event when somebody listens; without a subscriber it costs one property read. */
export function publishLazyEvent(name: string, event: LazyEventName, details: LazyEvent['details']): void {
  if (lazyChannel.hasSubscribers) lazyChannel.publish({ name, event, details } satisfies LazyEvent);
}
