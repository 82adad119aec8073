/**
 * What the sixteen bits beside every entry say. The low six are counters so that a hit is one table look-up and one store; the rest are flags.
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

/** What one hit adds to the low six bits: saturating in both counters. */
export const hitIncrement: Uint8Array = Uint8Array.from({ length: counterMask + 1 }, (_, counters) => {
  const visit = (counters & visitMask) === visitMask ? 0 : 1;
  const count = (counters & countMask) === countMask ? 0 : 1 << countShift;
  return visit + count;
});
