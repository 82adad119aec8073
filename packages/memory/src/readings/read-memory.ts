import { resolveConfig } from '../config/resolve-config.ts';
import { processWide } from '../registry.ts';
import { type MemoryReader, openMemoryReader } from './memory-reader.ts';
import type { MemorySample } from './memory-sample.ts';

/** The reader every part of this process shares; honours `PLIMSOLL_LIMIT`. Never disposed. */
export function processMemoryReader(): MemoryReader {
  return processWide('memory-reader', () => {
    const { limitBytes } = resolveConfig({ onFault: 'report' }).config;
    return openMemoryReader(limitBytes === null ? {} : { overrideBytes: limitBytes });
  });
}

/** What memory looks like now: one sample from a reader this process shares. Never throws; ≤ 60 µs after the first call. */
export function readMemory(): MemorySample {
  return processMemoryReader().read();
}
