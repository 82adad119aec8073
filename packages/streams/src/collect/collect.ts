import { type Buffer, isAscii, isUtf8 } from 'node:buffer';
import { formatFault, HttpFault, limitFault, throwIfAborted } from '../fault.ts';
import type { FlowOptions } from '../flow/flow-options.ts';
import { Holding } from '../holding.ts';
import { isDeeperThan } from '../json/depth.ts';
import { describeParseFault } from '../json/parse-fault.ts';
import { checkProtoKeys, hasProtoKey, mayHoldProtoKey, type ProtoKeyOptions } from '../json/proto-key.ts';
import { checkBound, checkCount } from '../option-check.ts';
import { type ByteReader, type ByteSource, openBytes } from '../source/byte-source.ts';
import { requireSource } from '../source/source-reader.ts';
import { ByteCollector } from './byte-collector.ts';

/** How {@link collectBytes} and {@link collectText} collect. */
export interface CollectOptions extends FlowOptions {
  /** Bytes taken at most. One more, and the source is destroyed and the call rejects. */
  readonly maxBytes: number;
}

/** How {@link collectJson} collects. */
export interface CollectJsonOptions extends CollectOptions, ProtoKeyOptions {
  /**
   * Deepest nesting of arrays and objects.
   * @default 1000
   */
  readonly maxDepth?: number | undefined;
}

/** Checks of a JSON text beside its syntax. */
export interface JsonChecks {
  readonly maxDepth: number;
  readonly rejectProtoKeys: boolean;
}

const DEFAULTS = Object.freeze({ maxDepth: 1000 });

/** @throws ERR_PLIMSOLL_OPTION. */
export function checkJsonOptions(options: Omit<CollectJsonOptions, 'maxBytes'>): JsonChecks {
  return {
    maxDepth: checkCount('maxDepth', options.maxDepth ?? DEFAULTS.maxDepth, 0),
    rejectProtoKeys: checkProtoKeys(options),
  };
}

/** Reads an open source to its end, or rejects when it passes the bound or the signal comes; the source is ended either way. */
export async function collectFrom(
  reader: ByteReader,
  helper: string,
  options: CollectOptions,
): Promise<Buffer> {
  const { maxBytes, signal, name = `streams.${helper}` } = options;
  const holding = new Holding(name);
  const collector = new ByteCollector(maxBytes);
  const onAbort = (): void => void reader.cancel(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    for (;;) {
      throwIfAborted(helper, signal);
      const chunk = await reader.read();
      throwIfAborted(helper, signal);
      if (chunk === undefined) return collector.finish();
      const seenBytes = collector.length + chunk.length;
      if (!collector.append(chunk)) throw limitFault('The data', 'maxBytes', maxBytes, seenBytes);
      holding.bytes = collector.capacityBytes;
    }
  } catch (error) {
    collector.clear();
    void reader.cancel(error);
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    holding.close();
  }
}

/** The text of UTF-8 bytes, without a byte order mark. @throws ERR_PLIMSOLL_FORMAT for bytes that are not UTF-8. */
export function decodeText(bytes: Buffer): string {
  if (isAscii(bytes)) return bytes.toString('latin1');
  if (!isUtf8(bytes))
    throw formatFault('The data is not UTF-8.', { reason: 'utf8', byteCount: bytes.length });
  const text = bytes.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** The value of a JSON text. @throws ERR_PLIMSOLL_FORMAT and ERR_PLIMSOLL_LIMIT, with no data in the error. */
export function decodeJson(bytes: Buffer, checks: JsonChecks): unknown {
  const text = decodeText(bytes);
  if (isDeeperThan(text, checks.maxDepth)) {
    throw new HttpFault(
      'ERR_PLIMSOLL_LIMIT',
      400,
      `The JSON text nests deeper than maxDepth = ${checks.maxDepth}.`,
      {
        option: 'maxDepth',
        maxDepth: checks.maxDepth,
      },
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const { message, truncated } = describeParseFault(error, text);
    const what = truncated ? 'is truncated' : 'is not JSON';
    throw formatFault(`The data ${what}: ${message}.`, {
      reason: truncated ? 'truncated' : 'syntax',
      byteCount: bytes.length,
    });
  }
  if (checks.rejectProtoKeys && mayHoldProtoKey(text) && hasProtoKey(value)) {
    throw formatFault('The JSON text holds a key __proto__.', { reason: 'proto-key' });
  }
  return value;
}

function checked(options: CollectOptions, source: unknown): CollectOptions {
  checkBound('maxBytes', options?.maxBytes);
  requireSource(source);
  return options;
}

/**
 * All bytes of `source` in one Buffer, at most `maxBytes`.
 * @throws ERR_PLIMSOLL_OPTION; ERR_PLIMSOLL_LIMIT (`statusCode` 413) with the bound and the bytes seen and none of the data; ERR_PLIMSOLL_ABORTED. Whatever
 * the error, the source is destroyed.
 */
export async function collectBytes(source: ByteSource, options: CollectOptions): Promise<Buffer> {
  checked(options, source);
  return collectFrom(openBytes(source, 'lent'), 'collectBytes', options);
}

/** As {@link collectBytes}, decoded: UTF-8, refused when it is not, a byte order mark dropped. @throws ERR_PLIMSOLL_FORMAT (`statusCode` 400). */
export async function collectText(source: ByteSource, options: CollectOptions): Promise<string> {
  checked(options, source);
  return decodeText(await collectFrom(openBytes(source, 'lent'), 'collectText', options));
}

/** As {@link collectText}, parsed. @throws ERR_PLIMSOLL_FORMAT (`statusCode` 400) that says where, and whether the text was truncated. */
export async function collectJson<T = unknown>(source: ByteSource, options: CollectJsonOptions): Promise<T> {
  checked(options, source);
  const checks = checkJsonOptions(options);
  return decodeJson(await collectFrom(openBytes(source, 'lent'), 'collectJson', options), checks) as T;
}
