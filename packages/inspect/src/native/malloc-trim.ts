import { journal, processWide, readMemory } from '@plimsoll/memory';
import { requirePeer } from './optional-peer.ts';

/** What one trim gave back. */
export interface TrimResult {
  readonly residentBeforeBytes: number;
  readonly residentAfterBytes: number;
  readonly trimMs: number;
}

/** glibc's `malloc_trim(0)`: gives memory that was freed but kept back to the kernel. */
export interface MallocTrim {
  readonly available: boolean;
  /** Why not, a sentence; absent when it is available. */
  readonly reason?: string;
  /** Trims; 10–30 ms after a snapshot. Undefined when not available. Never throws. */
  trim(): TrimResult | undefined;
}

interface Koffi {
  load(path: string | null): { func(prototype: string): (...parameters: number[]) => number };
}

/** The process's access to `malloc_trim`, through the optional peer `koffi`, which is loaded at the first call (6 ms, 3–8 MB). Never throws. */
export function mallocTrim(): MallocTrim {
  return processWide('malloc-trim', openMallocTrim);
}

function missing(reason: string): MallocTrim {
  journal().write('inspect', 'malloc-trim-missing', { reason });
  return { available: false, reason, trim: () => undefined };
}

function openMallocTrim(): MallocTrim {
  if (process.platform !== 'linux') return missing(`malloc_trim is glibc's; this is ${process.platform}.`);
  let koffi: Koffi;
  try {
    koffi = requirePeer('koffi') as Koffi;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return missing(
      code === 'MODULE_NOT_FOUND'
        ? 'the optional package koffi is not installed: npm install koffi.'
        : `koffi cannot be loaded here (${code ?? 'no code'}).`,
    );
  }
  try {
    const call = koffi.load(null).func('int malloc_trim(size_t pad)');
    return { available: true, trim: () => trimWith(call) };
  } catch {
    return missing('this C library has no malloc_trim (musl).');
  }
}

function trimWith(call: (pad: number) => number): TrimResult | undefined {
  try {
    const residentBeforeBytes = readMemory().rssBytes;
    const beganMs = performance.now();
    call(0);
    const trimMs = performance.now() - beganMs;
    return { residentBeforeBytes, residentAfterBytes: readMemory().rssBytes, trimMs };
  } catch {
    // Trimming is a courtesy: without it the residue stays, and the caller reads that from `residentAfterBytes`.
    return undefined;
  }
}
