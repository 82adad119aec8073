import { Buffer } from 'node:buffer';
import { PlimsollError } from '@plimsoll/memory/holders';
import { limitFault } from '../fault.ts';

/**
 * What a chunk costs beside its bytes: the Buffer, its backing store and its place in a queue. Without it a sender of one-byte chunks makes a bound of
 * 1 MiB hold a million objects.
 */
const CHUNK_OVERHEAD_BYTES = 128;

/** A chunk that keeps more than this many times its bytes alive (a slice of a pooled slab) is copied before it is kept. */
const PINNED_FACTOR = 4;

/** How an item is weighed. */
export interface WeightOptions<T> {
  /**
   * Bytes an item holds while it waits. Required unless items are bytes or text, which weigh their bytes and 128 each.
   * @default bytes and text are weighed by themselves
   */
  readonly sizeOf?: ((item: T) => number) | undefined;
}

/** Weighs items, and refuses one that no bound can hold. */
export type Weigh<T> = (item: T) => number;

function weightOfChunk(item: unknown): number {
  if (typeof item === 'string') return 2 * item.length + CHUNK_OVERHEAD_BYTES;
  if (ArrayBuffer.isView(item) || item instanceof ArrayBuffer) return item.byteLength + CHUNK_OVERHEAD_BYTES;
  throw new PlimsollError(
    'ERR_PLIMSOLL_OPTION',
    `sizeOf is missing and an item is ${item === null ? 'null' : typeof item}; only bytes and text are weighed without it. Pass sizeOf: (item) => bytes.`,
    { details: { option: 'sizeOf' } },
  );
}

/** The scale of `options`. The function throws for an item whose weight is no number, or above `maxBytes`: alone it would already pass the bound. */
export function scaleOf<T>(options: WeightOptions<T>, bound: string, maxBytes: number): Weigh<T> {
  const weigh: Weigh<T> = options.sizeOf ?? weightOfChunk;
  return (item) => {
    const bytes = weigh(item);
    if (!Number.isFinite(bytes) || bytes < 0) {
      throw new PlimsollError(
        'ERR_PLIMSOLL_OPTION',
        `sizeOf answered ${String(bytes)}; expected a number of bytes of at least 0.`,
        { details: { option: 'sizeOf', value: bytes } },
      );
    }
    if (bytes > maxBytes) throw limitFault('One item', bound, maxBytes, bytes);
    return bytes;
  };
}

/** `chunk`, or a copy of its own size when it is a small slice of much memory. */
export function unpinned(chunk: Buffer): Buffer {
  if (chunk.buffer.byteLength <= chunk.length * PINNED_FACTOR + CHUNK_OVERHEAD_BYTES) return chunk;
  const own = Buffer.allocUnsafeSlow(chunk.length);
  chunk.copy(own);
  return own;
}

/** What a kept chunk weighs. */
export function chunkWeight(chunk: Uint8Array): number {
  return chunk.byteLength + CHUNK_OVERHEAD_BYTES;
}
