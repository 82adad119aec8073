/** Values looked at before the walk stops; enough for a buffer with its bookkeeping, and under 0.1 ms. */
const VISIT_COUNT = 1_000;
/** A V8 object's header and its first slots, on a 64-bit process. */
const OBJECT_BYTES = 24;
const SLOT_BYTES = 8;
/** One entry of a Map or Set: key, value, chain, and its share of the buckets. */
const ENTRY_BYTES = 32;

/**
 * About how many bytes `object` holds, from a walk over at most 1,000 of its values: typed arrays and Buffers by their length, arrays by their slots, strings
 * by their characters. Getters are not called. For pools that are bounded by count and not told a size; a guess, within a factor of two on plain data.
 */
export function estimateBytes(object: object): number {
  const seen = new Set<unknown>();
  const queue: unknown[] = [object];
  let bytes = 0;
  while (queue.length > 0 && seen.size < VISIT_COUNT) {
    const value = queue.pop();
    if (typeof value === 'string') bytes += value.length + 16;
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    bytes += ownBytes(value, queue);
  }
  return bytes;
}

function ownBytes(value: object, queue: unknown[]): number {
  if (ArrayBuffer.isView(value)) return OBJECT_BYTES + SLOT_BYTES * 10 + value.byteLength;
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer)
    return OBJECT_BYTES + value.byteLength;
  if (Array.isArray(value)) {
    for (const item of value.slice(0, VISIT_COUNT)) queue.push(item);
    return OBJECT_BYTES + SLOT_BYTES * value.length;
  }
  if (value instanceof Map || value instanceof Set)
    return OBJECT_BYTES + ENTRY_BYTES * Math.max(4, value.size);
  const descriptors = Object.values(Object.getOwnPropertyDescriptors(value));
  for (const descriptor of descriptors) queue.push(descriptor.value);
  return OBJECT_BYTES + SLOT_BYTES * descriptors.length;
}
