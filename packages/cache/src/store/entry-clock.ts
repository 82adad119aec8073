import { marker, timed } from './entry-state.ts';
import type { EntryStore } from './entry-store.ts';

/** What time does to the entries of a cache. */
export interface EntryTimes {
  readonly clock: () => number;
  readonly idleTtlMs: number;
  readonly staleWhileRevalidateMs: number;
}

/** Tells the time, and of an entry whether it is fresh, stale, or over. An entry without a deadline is always fresh. */
export class EntryClock {
  readonly #times: EntryTimes;
  #latestMs = -Infinity;

  constructor(times: EntryTimes) {
    this.#times = times;
  }

  /** The clock, which never runs backwards here: an entry must not live on because somebody set the time. */
  nowMs(): number {
    const nowMs = this.#times.clock();
    if (nowMs > this.#latestMs) this.#latestMs = nowMs;
    return this.#latestMs;
  }

  /** True when `get` may show the value now. */
  isShown(store: EntryStore, slot: number): boolean {
    const state = store.stateOf(slot);
    if ((state & marker) !== 0) return false;
    return (state & timed) === 0 || this.isFresh(store, slot, this.nowMs());
  }

  /** True when neither TTL has passed. */
  isFresh(store: EntryStore, slot: number, nowMs: number): boolean {
    return nowMs < store.deadlineOf(slot) && !this.#isIdle(store, slot, nowMs);
  }

  /** True when not even `fetch` may serve the value. */
  isOver(store: EntryStore, slot: number, nowMs: number): boolean {
    const isMarker = (store.stateOf(slot) & marker) !== 0;
    const servedMs = isMarker ? 0 : this.#times.staleWhileRevalidateMs;
    return nowMs >= store.deadlineOf(slot) + servedMs || this.#isIdle(store, slot, nowMs);
  }

  /** Notes that an entry was written just now and stays fresh for `ttlMs`. */
  start(store: EntryStore, slot: number, ttlMs: number): void {
    store.setTimes(slot, this.nowMs(), ttlMs);
  }

  /** Notes that an entry with a deadline was read. */
  touch(store: EntryStore, slot: number, nowMs: number): void {
    if (this.#times.idleTtlMs !== Infinity) store.setAccess(slot, nowMs);
  }

  /** Milliseconds an entry stays fresh if nobody reads it before, Infinity without a deadline. */
  remainingMs(store: EntryStore, slot: number): number {
    return (store.stateOf(slot) & timed) === 0 ? Infinity : store.deadlineOf(slot) - this.nowMs();
  }

  /** Part of its life that an entry has behind it, by the lifetime it was written with: 0..1 while it is fresh, 0 without a deadline. */
  agedRatio(store: EntryStore, slot: number, nowMs: number): number {
    const lifetimeMs = store.lifetimeOf(slot);
    return lifetimeMs === Infinity ? 0 : 1 - (store.deadlineOf(slot) - nowMs) / lifetimeMs;
  }

  #isIdle(store: EntryStore, slot: number, nowMs: number): boolean {
    const { idleTtlMs } = this.#times;
    return idleTtlMs !== Infinity && nowMs - store.accessOf(slot) >= idleTtlMs;
  }
}
