import type { LeakRecord } from './leak-detector.ts';

/** Where a resource is in its life. A slot in any state but `gone` holds one of the pool's `maxCount` permits. */
export type SlotState = 'creating' | 'checking' | 'idle' | 'leased' | 'ending' | 'gone';

/** One permit of a {@link ResourcePool} and the resource it is used for. */
export class ResourceSlot<T> {
  state: SlotState = 'creating';
  /** Ends a creation that nobody waits for any more. */
  readonly creation: AbortController = new AbortController();
  /** Set from the moment `create` succeeds. */
  resource: T | undefined = undefined;
  useCount = 0;
  readonly maxUseCount: number;
  readonly expiresAtMs: number;
  /** When the sweep first saw it idle; 0 = not yet. The way back into the pool reads no clock. */
  seenIdleMs = 0;
  leasedAtMs = 0;
  label: string | undefined = undefined;
  record: LeakRecord | undefined = undefined;

  constructor(maxUseCount: number, expiresAtMs: number) {
    this.maxUseCount = maxUseCount;
    this.expiresAtMs = expiresAtMs;
  }

  /** True when the resource has had its uses. */
  get usedUp(): boolean {
    return this.useCount >= this.maxUseCount;
  }

  /** True when the resource has lived its time. */
  expired(nowMs: number): boolean {
    return nowMs >= this.expiresAtMs;
  }
}
