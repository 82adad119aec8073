import type { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { PlimsollError } from '@plimsoll/memory/holders';
import { collectFrom, decodeJson, decodeText, type JsonChecks } from '../collect/collect.ts';
import { HttpFault, limitFault, timeoutFault } from '../fault.ts';
import type { FlowOptions } from '../flow/flow-options.ts';
import { checkBound, checkCount, checkMs } from '../option-check.ts';
import { checkProtoKeys, type ProtoKeyOptions } from '../json/proto-key.ts';
import { type ByteReader, openBytes } from '../source/byte-source.ts';
import { type CompressionFormat, decompress } from '../zip/compression.ts';

/** How a body is received. */
export interface BodyOptions extends FlowOptions, ProtoKeyOptions {
  /** Bytes of the body as they come over the wire. */
  readonly maxBytes: number;
  /**
   * Bytes of a compressed body after decompression.
   * @default maxBytes
   */
  readonly maxDecompressedBytes?: number | undefined;
  /**
   * How long the whole body may take, in milliseconds.
   * @default 30000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Deepest nesting of a JSON body.
   * @default 1000
   */
  readonly maxDepth?: number | undefined;
}

const DEFAULTS = Object.freeze({ timeoutMs: 30_000, maxDepth: 1000 });

/** Checked {@link BodyOptions}. */
export interface BodyPlan extends JsonChecks {
  readonly maxBytes: number;
  readonly maxDecompressedBytes: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly name: string;
}

/** @throws ERR_PLIMSOLL_OPTION. */
export function planBody(options: BodyOptions): BodyPlan {
  const maxBytes = checkBound('maxBytes', options?.maxBytes);
  return {
    maxBytes,
    maxDecompressedBytes: checkBound('maxDecompressedBytes', options.maxDecompressedBytes ?? maxBytes),
    timeoutMs: checkMs('timeoutMs', options.timeoutMs ?? DEFAULTS.timeoutMs, 1),
    maxDepth: checkCount('maxDepth', options.maxDepth ?? DEFAULTS.maxDepth, 0),
    rejectProtoKeys: checkProtoKeys(options),
    signal: options.signal,
    name: options.name ?? 'streams.body',
  };
}

/** Counts what comes over the wire, and refuses it above the bound. Leaves the request open, so that it can be answered. */
class WireReader implements ByteReader {
  readonly #request: IncomingMessage;
  readonly #reader: ByteReader;
  readonly #maxBytes: number;
  #seenBytes = 0;
  #isOver = false;
  #interrupt: ((error: Error) => void) | undefined;
  #failure: Error | undefined;

  constructor(request: IncomingMessage, maxBytes: number) {
    this.#request = request;
    // A stream iterated by itself is destroyed when the iteration ends: the answer would be lost with its socket.
    this.#reader = openBytes(request.iterator({ destroyOnReturn: false }), 'kept');
    this.#maxBytes = maxBytes;
  }

  read(): Promise<Buffer | undefined> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#interrupt = reject;
      this.#readCounted().then(resolve, reject);
    });
  }

  /** Ends the body with `error`. */
  fail(error: Error): void {
    this.#failure = error;
    this.#interrupt?.(error);
  }

  async cancel(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#request.pause();
    await this.#reader.cancel();
  }

  async #readCounted(): Promise<Buffer | undefined> {
    const chunk = await this.#reader.read();
    this.#seenBytes += chunk?.length ?? 0;
    if (chunk === undefined) this.#isOver = true;
    if (this.#seenBytes > this.#maxBytes) {
      throw limitFault('The body', 'maxBytes', this.#maxBytes, this.#seenBytes);
    }
    return chunk;
  }
}

const CODINGS: Readonly<Record<string, CompressionFormat | undefined>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'br',
};

/** The coding a body is in; undefined when it is in none. @throws ERR_PLIMSOLL_FORMAT with `statusCode` 415 for one that is not served. */
export function codingOf(header: string | null | undefined): CompressionFormat | undefined {
  const named = (header ?? 'identity').trim().toLowerCase();
  if (named === 'identity' || named === '') return undefined;
  const format = Object.hasOwn(CODINGS, named) ? CODINGS[named] : undefined;
  if (format !== undefined) return format;
  throw new HttpFault(
    'ERR_PLIMSOLL_FORMAT',
    415,
    'The Content-Encoding of the body is none of gzip, deflate and br.',
    { header: 'content-encoding' },
  );
}

async function* readAll(reader: ByteReader): AsyncGenerator<Buffer, void, undefined> {
  for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) yield chunk;
}

async function collect(
  wire: WireReader,
  format: CompressionFormat | undefined,
  plan: BodyPlan,
): Promise<Buffer> {
  const { maxBytes, maxDecompressedBytes, signal, name } = plan;
  if (format === undefined) return collectFrom(wire, 'receive', { maxBytes, signal, name });
  const flow = decompress(readAll(wire), { format, maxOutputBytes: maxDecompressedBytes, name, signal });
  return collectFrom(openBytes(flow, 'kept'), 'receive', { maxBytes: maxDecompressedBytes, signal, name });
}

/** The body of a request, decoded, as `plan` allows. */
export async function receiveWith(request: IncomingMessage, plan: BodyPlan): Promise<Buffer> {
  if (request.readableDidRead) {
    throw new PlimsollError(
      'ERR_PLIMSOLL_OPTION',
      'The body was read already, by another middleware perhaps; it can be read once. Put this one first, or take the other away.',
    );
  }
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > plan.maxBytes) throw limitFault('The announced body', 'maxBytes', plan.maxBytes, announced);
  const format = codingOf(request.headers['content-encoding']);
  const wire = new WireReader(request, plan.maxBytes);
  const late = timeoutFault(`The body did not come within timeoutMs = ${plan.timeoutMs}.`, {
    option: 'timeoutMs',
    timeoutMs: plan.timeoutMs,
  });
  const timer = setTimeout(() => wire.fail(late), plan.timeoutMs).unref();
  try {
    return await collect(wire, format, plan);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The body of a request to a `node:http` server, decompressed where it is compressed. The request stays open whatever happens, so that it can be answered:
 * {@link answerFault} does, and ends it.
 * @throws ERR_PLIMSOLL_OPTION; ERR_PLIMSOLL_LIMIT with `statusCode` 413; ERR_PLIMSOLL_FORMAT with 400 or 415; ERR_PLIMSOLL_TIMEOUT with 408;
 * ERR_PLIMSOLL_ABORTED.
 */
export async function receiveBytes(request: IncomingMessage, options: BodyOptions): Promise<Buffer> {
  return receiveWith(request, planBody(options));
}

/** As {@link receiveBytes}, as text. */
export async function receiveText(request: IncomingMessage, options: BodyOptions): Promise<string> {
  return decodeText(await receiveWith(request, planBody(options)));
}

/** As {@link receiveBytes}, parsed as JSON. */
export async function receiveJson<T = unknown>(request: IncomingMessage, options: BodyOptions): Promise<T> {
  const plan = planBody(options);
  return decodeJson(await receiveWith(request, plan), plan) as T;
}
