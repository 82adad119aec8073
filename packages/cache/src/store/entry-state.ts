/**
 * What the sixteen bits beside every entry say. The low six are counters; the rest are flags.
 * Literals, not shifts: the bundler puts them into the code that uses them.
 */

/** Bits 0–1: hits since the entry was last looked at for eviction, up to 3. */
export const visitMask = 0b11;
/** Bits 2–5: how often the key was asked for, up to 15, halved as time passes. */
export const countShift = 2;
/** The four bits of the count in place. */
export const countMask = 0b11_1100;
/** Both counters. */
export const counterMask = 0b11_1111;
/** The entry stands in the main queue, not in the small one. */
export const inMain = 0x40;
/** The entry is outside the queues: no policy evicts it. */
export const pinned = 0x80;
/** The key belongs to the sample that the jury watches. */
export const sampled = 0x100;
/** The entry has a deadline. */
export const timed = 0x200;
/** The value stands for an absence or a failure and is shown to nobody but `fetch`. */
export const marker = 0x400;

/** For these a hit is more than two counters: pinned, sampled, timed, marker. */
export const looksCloser = 0x780;

/** The slot holds an entry. */
export const live = 0x800;

/** What one hit adds to the low six bits, saturating in both counters; arithmetic, for a table look-up here waits for two loads. */
export function afterHit(state: number): number {
  // 3 → 0 and 0–2 → 1; 15 → 0 and 0–14 → 1.
  return state + ((((state & 3) ^ 3) + 3) >>> 2) + ((((((state >>> 2) & 15) ^ 15) + 15) >>> 4) << 2);
}
