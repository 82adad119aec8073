import type { Buffer } from 'node:buffer';
import type { Transform } from 'node:stream';
import type * as Zlib from 'node:zlib';
import { formatFault, limitFault } from '../fault.ts';
import type { Flow } from '../flow/flow.ts';
import type { FlowOptions } from '../flow/flow-options.ts';
import { generatedFlow, type Workbench } from '../flow/generated-flow.ts';
import { checkBound, checkChoice } from '../option-check.ts';
import type { ByteReader, ByteSource } from '../source/byte-source.ts';
import { requireSource } from '../source/source-reader.ts';

/** A coding both ways of which every supported Node has, and whose truncation every one of them notices (zstd's goes unnoticed in Node 22). */
export type CompressionFormat = 'gzip' | 'deflate' | 'deflate-raw' | 'br';

/** How {@link compress} and {@link decompress} work. */
export interface CompressionOptions extends FlowOptions {
  readonly format: CompressionFormat;
  /** Bytes given out at most: a small input that would become a large output (a zip bomb) is stopped there. */
  readonly maxOutputBytes: number;
}

/** Loaded by the first use: whoever never compresses does not pay for it. */
function zlib(): typeof Zlib {
  return process.getBuiltinModule('node:zlib');
}

/** The engines, and the memory of each: zlib by its manual, Brotli by its default window. */
interface Engine extends Transform {
  /** Bytes of input the engine has used. */
  readonly bytesWritten: number;
}

interface Coding {
  readonly make: () => Engine;
  readonly engineBytes: number;
}

const DEFLATE_BYTES = 2 ** 17 + 2 ** 17;
const INFLATE_BYTES = 2 ** 15 + 7 * 1024;
const BROTLI_ENCODER_BYTES = 2 ** 23;
const BROTLI_DECODER_BYTES = 2 ** 22;

const ENCODERS: Readonly<Record<CompressionFormat, Coding>> = {
  gzip: { make: () => zlib().createGzip(), engineBytes: DEFLATE_BYTES },
  deflate: { make: () => zlib().createDeflate(), engineBytes: DEFLATE_BYTES },
  'deflate-raw': { make: () => zlib().createDeflateRaw(), engineBytes: DEFLATE_BYTES },
  br: { make: () => zlib().createBrotliCompress(), engineBytes: BROTLI_ENCODER_BYTES },
};

const DECODERS: Readonly<Record<CompressionFormat, Coding>> = {
  gzip: { make: () => zlib().createGunzip(), engineBytes: INFLATE_BYTES },
  deflate: { make: () => zlib().createInflate(), engineBytes: INFLATE_BYTES },
  'deflate-raw': { make: () => zlib().createInflateRaw(), engineBytes: INFLATE_BYTES },
  br: { make: () => zlib().createBrotliDecompress(), engineBytes: BROTLI_DECODER_BYTES },
};

const FORMATS = Object.keys(DECODERS) as CompressionFormat[];

/** What went wrong while feeding the engine: the source's own error is passed on unchanged. */
interface Feeding {
  fedBytes: number;
  error?: unknown;
}

/** Writes one chunk at a time, so that what waits inside the engine is one chunk. Never rejects: a failure is kept, and ends the engine. */
async function feed(reader: ByteReader, engine: Engine, feeding: Feeding): Promise<void> {
  try {
    for (;;) {
      const chunk = await reader.read();
      if (chunk === undefined) break;
      feeding.fedBytes += chunk.length;
      const refused = await new Promise<unknown>((resolve) => engine.write(chunk, resolve));
      if (refused !== undefined && refused !== null) return;
    }
    engine.end();
  } catch (error) {
    feeding.error = error;
    engine.destroy(error as Error);
  }
}

function codingFault(error: unknown, format: CompressionFormat, feeding: Feeding): unknown {
  if ('error' in feeding) return feeding.error;
  const isTruncated = (error as { code?: unknown }).code === 'Z_BUF_ERROR';
  const what = isTruncated ? 'is truncated' : `is not ${format}`;
  return formatFault(`The compressed data ${what} (after ${feeding.fedBytes} bytes).`, {
    reason: isTruncated ? 'truncated' : 'syntax',
    format,
    readBytes: feeding.fedBytes,
  });
}

async function* coded(
  bench: Workbench,
  reader: ByteReader,
  coding: Coding,
  { format, maxOutputBytes }: CompressionOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const engine = coding.make();
  bench.onClose(() => engine.destroy());
  bench.holding.bytes = coding.engineBytes;
  const feeding: Feeding = { fedBytes: 0 };
  void feed(reader, engine, feeding);
  let outputBytes = 0;
  try {
    for await (const chunk of engine as AsyncIterable<Buffer>) {
      bench.readBytes = feeding.fedBytes;
      outputBytes += chunk.length;
      if (outputBytes > maxOutputBytes) {
        throw limitFault('The output', 'maxOutputBytes', maxOutputBytes, outputBytes, {
          readBytes: feeding.fedBytes,
        });
      }
      yield chunk;
    }
  } catch (error) {
    throw (error as { code?: unknown }).code === 'ERR_PLIMSOLL_LIMIT'
      ? error
      : codingFault(error, format, feeding);
  }
  // gzip refuses what follows by itself, and passes over the padding that tapes and archives add.
  if (format !== 'gzip' && engine.bytesWritten < feeding.fedBytes) {
    throw formatFault(
      `${feeding.fedBytes - engine.bytesWritten} bytes follow the end of the compressed data.`,
      { reason: 'more-after-end', format },
    );
  }
}

function codedFlow(
  helper: string,
  codings: Readonly<Record<CompressionFormat, Coding>>,
  source: ByteSource,
  options: CompressionOptions,
): Flow<Buffer> {
  checkBound('maxOutputBytes', options?.maxOutputBytes);
  const coding = codings[checkChoice('format', options.format, FORMATS)];
  requireSource(source);
  return generatedFlow(
    helper,
    options,
    (bench) => coded(bench, bench.openBytes(source), coding, options),
    true,
  );
}

/**
 * The bytes of `source`, compressed.
 * @throws ERR_PLIMSOLL_OPTION at the call. While reading: ERR_PLIMSOLL_LIMIT above `maxOutputBytes`, and every error of the source unchanged.
 */
export function compress(source: ByteSource, options: CompressionOptions): Flow<Buffer> {
  return codedFlow('compress', ENCODERS, source, options);
}

/**
 * The bytes of `source`, decompressed, as far as the bound.
 * @throws ERR_PLIMSOLL_OPTION at the call. While reading: ERR_PLIMSOLL_LIMIT (`statusCode` 413) above `maxOutputBytes`; ERR_PLIMSOLL_FORMAT (400) for data that
 * is not of the format, truncated, or followed by more; every error of the source unchanged.
 */
export function decompress(source: ByteSource, options: CompressionOptions): Flow<Buffer> {
  return codedFlow('decompress', DECODERS, source, options);
}
