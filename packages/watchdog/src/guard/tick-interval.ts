/** A leak this fast is still to be seen in time. */
const fastLeakBytesPerSecond = 50e6;

/** Milliseconds between ticks: four of them before a leak of 50 MB/s has filled half of the limit, 100 ms to 1 s. */
export function tickFor(limitBytes: number): number {
  const halfFullMs = (limitBytes / 2 / fastLeakBytesPerSecond) * 1000;
  return Math.round(Math.min(1000, Math.max(100, halfFullMs / 4)));
}
