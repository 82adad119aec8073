import { Duplex, PassThrough } from 'node:stream';
import type { ReadableStream, WritableStream } from 'node:stream/web';
import { formatFault } from '../fault.ts';
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
  const flow = make(input);
  // Not Duplex.from({ writable, readable }): the flow ends its source before its error is out, and Node 26 then reports the closed writable instead.
  let writing: (() => void) | undefined;
  const written = (): void => {
    const done = writing;
    writing = undefined;
    done?.();
  };
  // A flow that has ended takes no more: how it ended, the reading side tells. A stream that is destroyed never answers the write under way.
  input.once('close', written);
  const duplex = new Duplex({
    writableHighWaterMark: input.writableHighWaterMark,
    readableObjectMode: !flow.isOfBytes,
    readableHighWaterMark: flow.isOfBytes ? 64 * 1024 : 1,
    write: (chunk: Uint8Array, _encoding, done) => {
      writing = done;
      if (input.destroyed) written();
      else input.write(chunk, written);
    },
    final: (done) => {
      input.end();
      done();
    },
    read: () => void pushNext(flow, duplex),
    destroy: (error, done) => void endWith(flow, error, done),
  });
  return duplex;
}

async function pushNext<T>(flow: Flow<T>, duplex: Duplex): Promise<void> {
  try {
    const { done, value } = await flow.next();
    if (value === null && done !== true) throw nullItem();
    duplex.push(done === true ? null : value);
  } catch (error) {
    duplex.destroy(error as Error);
  }
}

function nullItem(): Error {
  return formatFault(
    'An item is null, which ends a stream of objects. Use the flow itself, or its Web form.',
    {
      reason: 'null',
    },
  );
}

async function endWith<T>(
  flow: Flow<T>,
  error: Error | null,
  done: (error: Error | null) => void,
): Promise<void> {
  await flow.return().catch(() => undefined); // The stream is given up: its own error, if any, is the one to tell.
  done(error);
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
