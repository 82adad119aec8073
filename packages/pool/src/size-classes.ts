/** Smallest buffer handed out of a slab: below this `Buffer.allocUnsafe` has its own slab and is as fast. */
export const smallestClassBytes = 1_024;

/**
 * The sizes buffers come in: four steps to each doubling (1, 1.25, 1.5, 1.75, 2, 2.5 … kB), so a buffer is at most a quarter larger than what was asked for.
 * The classes of jemalloc, for the same reason.
 */
export function classBytesAt(index: number): number {
  return (4 + (index & 3)) * 2 ** ((index >> 2) + 8);
}

/** The class of `bytes`: the smallest that holds them. */
export function classIndexOf(bytes: number): number {
  if (bytes <= smallestClassBytes) return 0;
  // The doubling that `bytes - 1` lies in, and the quarter of it.
  const doubling = 31 - Math.clz32(bytes - 1);
  return (doubling - 10) * 4 + (((bytes - 1) >>> (doubling - 2)) & 3) + 1;
}
