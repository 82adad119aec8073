import { getHeapStatistics } from 'node:v8';
import type { Container } from './container.ts';
import { makeWasmMemory } from './wasm-memory.ts';

/** The containers of a census, and all that lies outside the heap by V8's count. */
export interface OutsideHeap {
  readonly containers: readonly Container[];
  readonly externalBytes: number;
}

/**
 * Takes from WebAssembly memories what is not resident: a memory may be a gigabyte of which nothing was ever touched, and such a one must not answer for what fills the container.
 * And adds them to the whole where V8 does not count them.
 */
export function countResidentWasm({ containers, externalBytes }: OutsideHeap): OutsideHeap {
  const isWasm = ({ kind }: Container): boolean => kind === 'WebAssembly memory';
  const wasmBytes = containers.reduce((sum, item) => sum + (isWasm(item) ? item.externalBytes : 0), 0);
  if (wasmBytes === 0) return { containers, externalBytes };
  const wholeBytes = externalBytes + (isWasmCounted() ? 0 : wasmBytes);
  const untouchedBytes = Math.min(wasmBytes, Math.max(0, wholeBytes - residentOutsideHeap()));
  const shareRatio = 1 - untouchedBytes / wasmBytes;
  const counted = containers.map((item) =>
    isWasm(item) ? { ...item, externalBytes: Math.round(item.externalBytes * shareRatio) } : item,
  );
  return { containers: counted, externalBytes: wholeBytes - untouchedBytes };
}

let isCounted: boolean | undefined;

/** V8 of Node.js 20 to 24 counts a WebAssembly memory among external memory, that of 26 does not: asked by making one of a page. */
function isWasmCounted(): boolean {
  const beforeBytes = getHeapStatistics().external_memory;
  isCounted ??= makeWasmMemory() === undefined || getHeapStatistics().external_memory > beforeBytes;
  return isCounted;
}

/** What of this process is in memory and no part of the heap. */
function residentOutsideHeap(): number {
  return process.memoryUsage.rss() - getHeapStatistics().total_physical_size;
}
