import type { Buffer } from 'node:buffer';
import { setTimeout } from 'node:timers/promises';
import type { Flow } from '../flow/flow.ts';
import type { FlowOptions } from '../flow/flow-options.ts';
import { generatedFlow, type Workbench } from '../flow/generated-flow.ts';
import { checkBound } from '../option-check.ts';
import type { ByteReader, ByteSource } from '../source/byte-source.ts';
import { requireSource } from '../source/source-reader.ts';

/** How fast {@link rateLimit} lets bytes through. */
export interface RateLimitOptions extends FlowOptions {
  /** Bytes per second in the long run. */
  readonly bytesPerSecond: number;
  /**
   * Bytes that may come at once after a pause; larger chunks are cut to this.
   * @default a tenth of bytesPerSecond, at least 1 KiB
   */
  readonly burstBytes?: number | undefined;
}

/** Bytes that may pass, growing with time up to the burst. */
class TokenBucket {
  readonly #bytesPerMs: number;
  readonly #burstBytes: number;
  #tokens: number;
  #filledAtMs: number = performance.now();

  constructor(bytesPerSecond: number, burstBytes: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#burstBytes = burstBytes;
    this.#tokens = burstBytes;
  }

  /** Takes `bytes`; answers how many milliseconds to wait first. */
  take(bytes: number): number {
    const nowMs = performance.now();
    this.#tokens = Math.min(this.#burstBytes, this.#tokens + (nowMs - this.#filledAtMs) * this.#bytesPerMs);
    this.#filledAtMs = nowMs;
    this.#tokens -= bytes;
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#bytesPerMs;
  }
}

/** The bytes of `source`, no faster than asked. Nothing is read ahead: the source waits. @throws ERR_PLIMSOLL_OPTION at the call. */
export function rateLimit(source: ByteSource, options: RateLimitOptions): Flow<Buffer> {
  const bytesPerSecond = checkBound('bytesPerSecond', options?.bytesPerSecond);
  const burstBytes = Math.floor(
    checkBound('burstBytes', options.burstBytes ?? Math.max(bytesPerSecond / 10, 1024)),
  );
  requireSource(source);
  return generatedFlow(
    'rateLimit',
    options,
    (bench) => paced(bench, bench.openBytes(source), bytesPerSecond, burstBytes),
    true,
  );
}

async function* paced(
  bench: Workbench,
  reader: ByteReader,
  bytesPerSecond: number,
  burstBytes: number,
): AsyncGenerator<Buffer, void, undefined> {
  const bucket = new TokenBucket(bytesPerSecond, burstBytes);
  for (;;) {
    const chunk = await reader.read();
    if (chunk === undefined) return;
    bench.readBytes += chunk.length;
    for (let at = 0; at < chunk.length; at += burstBytes) {
      const piece = chunk.subarray(at, at + burstBytes);
      bench.holding.bytes = chunk.length - at;
      const waitMs = bucket.take(piece.length);
      if (waitMs > 0) await setTimeout(waitMs, undefined, { signal: bench.ended });
      yield piece;
    }
    bench.holding.bytes = 0;
  }
}
