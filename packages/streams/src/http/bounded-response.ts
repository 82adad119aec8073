import type { Buffer } from 'node:buffer';
import type { ReadableStream } from 'node:stream/web';
import { PlimsollError } from '@plimsoll/memory/holders';
import {
  checkJsonOptions,
  collectFrom,
  type CollectJsonOptions,
  type CollectOptions,
  decodeJson,
  decodeText,
} from '../collect/collect.ts';
import { limitFault } from '../fault.ts';
import { checkBound } from '../option-check.ts';
import { openBytes } from '../source/byte-source.ts';

/** A `Response` or `Request` of the Fetch standard: of `fetch`, a Hono or other Fetch-style handler, a test. */
export interface FetchMessage {
  readonly body: ReadableStream<Uint8Array> | null;
  readonly bodyUsed: boolean;
  readonly headers: { get(name: string): string | null };
}

async function bodyOf(message: FetchMessage, helper: string, options: CollectOptions): Promise<Buffer> {
  const maxBytes = checkBound('maxBytes', options?.maxBytes);
  if (message.bodyUsed) {
    throw new PlimsollError(
      'ERR_PLIMSOLL_OPTION',
      `${helper}: the body was read already; it can be read once.`,
    );
  }
  const isPlain = (message.headers.get('content-encoding') ?? 'identity') === 'identity';
  const announced = Number(message.headers.get('content-length') ?? 0);
  // The length of a compressed body is not the length of what it decompresses to.
  if (isPlain && announced > maxBytes && message.body !== null) {
    message.body.cancel().catch(() => undefined); // The caller gets the refusal; that closing failed, too, adds nothing.
    throw limitFault('The announced body', 'maxBytes', maxBytes, announced);
  }
  return collectFrom(openBytes(message.body ?? [], 'kept'), helper, options);
}

/**
 * The body of a `Response` or `Request`, at most `maxBytes` after decompression. A larger one is cancelled, which frees its connection.
 * @throws ERR_PLIMSOLL_OPTION, also for a body that was read already; ERR_PLIMSOLL_LIMIT; ERR_PLIMSOLL_ABORTED.
 */
export async function boundedBytes(message: FetchMessage, options: CollectOptions): Promise<Buffer> {
  return bodyOf(message, 'boundedBytes', options);
}

/** As {@link boundedBytes}, as text. @throws ERR_PLIMSOLL_FORMAT when it is not UTF-8. */
export async function boundedText(message: FetchMessage, options: CollectOptions): Promise<string> {
  return decodeText(await bodyOf(message, 'boundedText', options));
}

/** As {@link boundedBytes}, parsed: `response.json()` with a bound. @throws ERR_PLIMSOLL_FORMAT that says where, without the data. */
export async function boundedJson<T = unknown>(
  message: FetchMessage,
  options: CollectJsonOptions,
): Promise<T> {
  const checks = checkJsonOptions(options);
  return decodeJson(await bodyOf(message, 'boundedJson', options), checks) as T;
}
