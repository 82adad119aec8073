import { Duplex, PassThrough } from 'node:stream';
import type { ReadableStream, WritableStream } from 'node:stream/web';
import type { ByteChunk } from '../source/byte-source.ts';
import type { Flow } from './flow.ts';

/** A helper with its options: makes a flow of a source of bytes. */
export type FlowMaker<T> = (source: AsyncIterable<ByteChunk>) => Flow<T>;

/**
 * A Node Duplex of any helper that reads bytes, for `pipe`: `input.pipe(toDuplex((source) => parseNdjson(source, options)))`. In a `pipeline` the helper
 * itself is enough: `pipeline(input, (source) => parseNdjson(source, options), output)`.
 */
export function toDuplex<T>(make: FlowMaker<T>): Duplex {
  const input = new PassThrough();
  return Duplex.from({ writable: input, readable: make(input).toNode() });
}

/** A Web transform of any helper that reads bytes, for `pipeThrough`. Back-pressure counts bytes. */
export function toTransform<T>(make: FlowMaker<T>): {
  readonly writable: WritableStream<Uint8Array>;
  readonly readable: ReadableStream<T>;
} {
  const measured = { highWaterMark: 64 * 1024, size: (chunk: Uint8Array): number => chunk.byteLength };
  const { writable, readable } = new globalThis.TransformStream<Uint8Array, Uint8Array>(undefined, measured, {
    highWaterMark: 0,
  });
  return { writable, readable: make(readable as AsyncIterable<Uint8Array>).toWeb() };
}
