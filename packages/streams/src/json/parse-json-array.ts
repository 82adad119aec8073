import { type Buffer, isAscii, isUtf8 } from 'node:buffer';
import { formatFault } from '../fault.ts';
import { Flow } from '../flow/flow.ts';
import type { FlowOptions } from '../flow/flow-options.ts';
import { type Batch, drained, type FlowStats, type Puller } from '../flow/puller.ts';
import { Holding } from '../holding.ts';
import { checkBound, checkCount } from '../option-check.ts';
import { type ByteReader, type ByteSource, openBytes } from '../source/byte-source.ts';
import { requireSource } from '../source/source-reader.ts';
import { ElementCutter } from './element-cutter.ts';
import { checkJsonPath, type JsonPath } from './json-path.ts';
import { describeParseFault } from './parse-fault.ts';
import { checkProtoKeys, hasProtoKey, mayHoldProtoKey, type ProtoKeyOptions } from './proto-key.ts';

/** How {@link parseJsonArray} and {@link parseJsonAt} read. */
export interface ParseJsonArrayOptions extends FlowOptions, ProtoKeyOptions {
  /** Bytes of the largest element taken. Memory is at most this, its value, and one chunk. */
  readonly maxElementBytes: number;
  /**
   * Deepest nesting of arrays and objects within one element.
   * @default 1000: far above documents people write, far below what overflows the stack of code that recurses over the value
   */
  readonly maxDepth?: number | undefined;
}

const DEFAULTS = Object.freeze({ maxDepth: 1000 });

class ArrayPuller implements Puller<unknown>, Batch<unknown> {
  readonly #reader: ByteReader;
  readonly #cutter: ElementCutter;
  readonly #holding: Holding;
  readonly #rejectProtoKeys: boolean;
  #isAscii = true;

  constructor(reader: ByteReader, cutter: ElementCutter, name: string, rejectProtoKeys: boolean) {
    this.#reader = reader;
    this.#cutter = cutter;
    this.#holding = new Holding(name);
    this.#rejectProtoKeys = rejectProtoKeys;
  }

  async pull(): Promise<Batch<unknown> | undefined> {
    const chunk = await this.#reader.read();
    if (chunk === undefined) {
      this.#cutter.finish();
      return undefined;
    }
    this.#isAscii = isAscii(chunk);
    this.#cutter.feed(chunk);
    this.#holding.bytes = this.#cutter.heldBytes;
    return this;
  }

  take(): unknown {
    const bytes = this.#cutter.cut();
    return bytes === undefined ? drained : this.#parse(bytes);
  }

  async close(reason: unknown): Promise<void> {
    this.#holding.close();
    await this.#reader.cancel(reason);
  }

  stats(): Partial<FlowStats> {
    return { readBytes: this.#cutter.fedBytes, heldBytes: this.#holding.bytes };
  }

  #parse(bytes: Buffer): unknown {
    const ascii = (this.#isAscii && !this.#cutter.isCarried) || isAscii(bytes);
    if (!ascii && !isUtf8(bytes)) throw this.#refused('utf8', 'is not UTF-8');
    const text = bytes.toString(ascii ? 'latin1' : 'utf8');
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      const fault =
        text.trim() === '' ? 'is missing' : `is not JSON: ${describeParseFault(error, text).message}`;
      throw this.#refused('syntax', fault);
    }
    if (this.#rejectProtoKeys && mayHoldProtoKey(text) && hasProtoKey(value)) {
      throw this.#refused('proto-key', 'holds a key __proto__');
    }
    return value;
  }

  #refused(reason: string, what: string): Error {
    const elementIndex = this.#cutter.elementCount - 1;
    const byteOffset = this.#cutter.elementByte;
    return formatFault(`Element ${elementIndex} (byte ${byteOffset}) of the JSON document ${what}.`, {
      reason,
      elementIndex,
      byteOffset,
    });
  }
}

/**
 * The elements of a JSON array, one by one: `[…]` as the whole document, of any length. Accepts and refuses exactly what `JSON.parse` does, except that
 * bytes that are not UTF-8 are refused instead of replaced. A document that ends early is an error, always.
 * @throws ERR_PLIMSOLL_OPTION at the call. While reading: ERR_PLIMSOLL_LIMIT for an element above `maxElementBytes` or `maxDepth`, ERR_PLIMSOLL_FORMAT for
 * what is not JSON, truncated, or followed by more; `details` hold `elementIndex`, `byteOffset` and `reason`.
 */
export function parseJsonArray<T = unknown>(source: ByteSource, options: ParseJsonArrayOptions): Flow<T> {
  return arrayFlow<T>('parseJsonArray', source, [], options);
}

/**
 * The elements of an array inside a larger JSON document: `parseJsonAt(body, ['data', 'items'], …)`. What stands beside the path is passed over without
 * being kept; only its brackets and strings are looked at. The document is read to its end: a truncated one is an error even after the last element, and
 * so is a path that leads nowhere, or twice to a place.
 * @throws ERR_PLIMSOLL_OPTION, ERR_PLIMSOLL_LIMIT and ERR_PLIMSOLL_FORMAT as {@link parseJsonArray}.
 */
export function parseJsonAt<T = unknown>(
  source: ByteSource,
  path: JsonPath,
  options: ParseJsonArrayOptions,
): Flow<T> {
  return arrayFlow<T>('parseJsonAt', source, checkJsonPath(path), options);
}

function arrayFlow<T>(
  helper: string,
  source: ByteSource,
  path: JsonPath,
  options: ParseJsonArrayOptions,
): Flow<T> {
  const maxElementBytes = checkBound('maxElementBytes', options?.maxElementBytes);
  const maxDepth = checkCount('maxDepth', options.maxDepth ?? DEFAULTS.maxDepth, 0);
  const rejectProtoKeys = checkProtoKeys(options);
  requireSource(source);
  const { signal, name = `streams.${helper}` } = options;
  return new Flow<T>({
    helper,
    signal,
    open: () => {
      const cutter = new ElementCutter({ path, maxElementBytes, maxDepth });
      const puller: Puller<unknown> = new ArrayPuller(
        openBytes(source, 'lent'),
        cutter,
        name,
        rejectProtoKeys,
      );
      return puller as Puller<T>;
    },
  });
}
