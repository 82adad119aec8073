/**
 * What the sixteen bits beside every entry say. The low six are counters so that a hit is one table look-up and one store; the rest are flags.
 */

/** Bits 0–1: hits since the entry was last looked at for eviction, up to 3. */
export const visitMask = 0b11;
/** Bits 2–5: how often the key was asked for, up to 15, halved as time passes. */
export const countShift = 2;
/** The four bits of the count in place. */
export const countMask: number = 0b1111 << countShift;
/** Both counters. */
export const counterMask: number = visitMask | countMask;
/** The entry stands in the main queue, not in the small one. */
export const inMain: number = 1 << 6;
/** The entry is outside the queues: no policy evicts it. */
export const pinned: number = 1 << 7;
/** The key belongs to the sample that the jury watches. */
export const sampled: number = 1 << 8;
/** The entry has a deadline. */
export const timed: number = 1 << 9;
/** The value stands for an absence or a failure and is shown to nobody but `fetch`. */
export const marker: number = 1 << 10;

/** The slot holds an entry. */
export const live: number = 1 << 11;

/** What one hit adds to the low six bits: saturating in both counters. */
export const hitIncrement: Uint8Array = Uint8Array.from({ length: counterMask + 1 }, (_, counters) => {
  const visit = (counters & visitMask) === visitMask ? 0 : 1;
  const count = (counters & countMask) === countMask ? 0 : 1 << countShift;
  return visit + count;
});
