import type { Buffer } from 'node:buffer';
import {
  checkJsonOptions,
  collectFrom,
  decodeJson,
  decodeText,
  type JsonChecks,
} from '../collect/collect.ts';
import { limitFault, throwIfAborted } from '../fault.ts';
import type { Flow } from '../flow/flow.ts';
import type { FlowOptions } from '../flow/flow-options.ts';
import { generatedFlow, type Workbench } from '../flow/generated-flow.ts';
import type { ProtoKeyOptions } from '../json/proto-key.ts';
import { checkBound, checkMs } from '../option-check.ts';
import { type ByteReader, openBytes } from '../source/byte-source.ts';
import { Exchange } from './exchange.ts';
import type { FetchMessage } from './bounded-response.ts';

/** Bounds of a {@link boundedFetch}. */
export interface BoundedFetchOptions extends FlowOptions, ProtoKeyOptions {
  /** Bytes of the response body as announced by its Content-Length, and as read when it is not compressed. */
  readonly maxBytes: number;
  /**
   * Bytes of a compressed body after decompression.
   * @default maxBytes
   */
  readonly maxDecompressedBytes?: number | undefined;
  /**
   * How long the exchange may take in all, from the call to the last byte of the body, in milliseconds. A body that nobody reads is released then.
   * @default 30000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Deepest nesting of a JSON body.
   * @default 1000
   */
  readonly maxDepth?: number | undefined;
}

const DEFAULTS = Object.freeze({ timeoutMs: 30_000 });

/** A response whose body is bounded. Read it, or dispose of it: `await using response = await boundedFetch(…)`. */
export class BoundedResponse implements AsyncDisposable {
  readonly status: number;
  /** The status is 200 to 299. */
  readonly ok: boolean;
  readonly headers: Headers;
  /** Where the answer came from, after redirects. */
  readonly url: string;
  /** The body, decompressed; read once. Ends with ERR_PLIMSOLL_LIMIT above the bound, with ERR_PLIMSOLL_TIMEOUT after the time. */
  readonly body: Flow<Buffer>;
  readonly #exchange: Exchange;
  readonly #maxBodyBytes: number;
  readonly #checks: JsonChecks;

  constructor(
    response: Response,
    exchange: Exchange,
    maxBodyBytes: number,
    checks: JsonChecks,
    name: string,
  ) {
    this.status = response.status;
    this.ok = response.ok;
    this.headers = response.headers;
    this.url = response.url;
    this.#exchange = exchange;
    this.#maxBodyBytes = maxBodyBytes;
    this.#checks = checks;
    this.body = boundedBody(response as unknown as FetchMessage, exchange, maxBodyBytes, name);
  }

  /** The whole body. */
  bytes(): Promise<Buffer> {
    return collectFrom(openBytes(this.body, 'kept'), 'boundedFetch', { maxBytes: this.#maxBodyBytes });
  }

  /** The whole body as text. @throws ERR_PLIMSOLL_FORMAT when it is not UTF-8. */
  async text(): Promise<string> {
    return decodeText(await this.bytes());
  }

  /** The whole body, parsed. @throws ERR_PLIMSOLL_FORMAT that says where, without the data. */
  async json<T = unknown>(): Promise<T> {
    return decodeJson(await this.bytes(), this.#checks) as T;
  }

  /** Releases the connection if the body was not read to its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.body.return();
    this.#exchange.release();
  }
}

function boundedBody(
  message: FetchMessage,
  exchange: Exchange,
  maxBodyBytes: number,
  name: string,
): Flow<Buffer> {
  return generatedFlow(
    'boundedFetch',
    { name },
    (bench) => {
      const reader = bench.openBytes(message.body ?? []);
      bench.onClose(() => exchange.release());
      return countedBody(bench, reader, exchange, maxBodyBytes);
    },
    true,
  );
}

async function* countedBody(
  bench: Workbench,
  reader: ByteReader,
  exchange: Exchange,
  maxBodyBytes: number,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    for (;;) {
      const chunk = await reader.read();
      if (chunk === undefined) break;
      bench.readBytes += chunk.length;
      bench.holding.bytes = chunk.length;
      if (bench.readBytes > maxBodyBytes) {
        throw limitFault('The body', 'maxBytes', maxBodyBytes, bench.readBytes);
      }
      yield chunk;
    }
  } catch (error) {
    throw exchange.explain(error);
  }
  exchange.end();
}

function eitherSignal(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one === undefined || other === undefined ? (one ?? other) : AbortSignal.any([one, other]);
}

function isCompressed(response: Response): boolean {
  return (response.headers.get('content-encoding') ?? 'identity') !== 'identity';
}

/**
 * `fetch` with bounds: on the body, on what it decompresses to, and on the time of the whole exchange. A body that is not read is released: at disposal, or
 * when the time is over. What `fetch` cannot show, the bytes of a compressed body without Content-Length, is bounded after decompression.
 * @throws ERR_PLIMSOLL_OPTION; ERR_PLIMSOLL_LIMIT; ERR_PLIMSOLL_TIMEOUT; ERR_PLIMSOLL_ABORTED; and what `fetch` throws, unchanged.
 */
export async function boundedFetch(
  url: string | URL,
  options: BoundedFetchOptions,
  init: RequestInit = {},
): Promise<BoundedResponse> {
  const maxBytes = checkBound('maxBytes', options?.maxBytes);
  const maxDecompressed = checkBound('maxDecompressedBytes', options.maxDecompressedBytes ?? maxBytes);
  const timeoutMs = checkMs('timeoutMs', options.timeoutMs ?? DEFAULTS.timeoutMs, 1);
  const checks = checkJsonOptions(options);
  const signal = eitherSignal(options.signal, init.signal ?? undefined);
  throwIfAborted('boundedFetch', signal);
  const exchange = new Exchange(signal, timeoutMs);
  let response: Response;
  try {
    response = await fetch(url, { ...init, signal: exchange.signal });
  } catch (error) {
    exchange.end();
    throw exchange.explain(error);
  }
  const announced = Number(response.headers.get('content-length') ?? 0);
  // The answer to HEAD announces a body that does not come.
  if (announced > maxBytes && response.body !== null) {
    exchange.release();
    throw limitFault('The announced body', 'maxBytes', maxBytes, announced);
  }
  const maxBodyBytes = isCompressed(response) ? maxDecompressed : maxBytes;
  return new BoundedResponse(
    response,
    exchange,
    maxBodyBytes,
    checks,
    options.name ?? 'streams.boundedFetch',
  );
}
