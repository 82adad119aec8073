import { closeSync, lstatSync, openSync, readSync, statSync, unlinkSync } from 'node:fs';
import { writeHeapSnapshot as writeV8HeapSnapshot } from 'node:v8';
import { journal, PlimsollError, readMemory } from '@plimsoll/memory';
import { isInspectorPortOpen, openInspector } from '../inspector/inspector.ts';
import { type MallocTrim, mallocTrim } from '../native/malloc-trim.ts';
import { pauseAllocationSampling } from '../profile/allocation-sampling.ts';
import { readHeapShape } from './heap-shape.ts';
import { learnFromCapture } from './snapshot-cost.ts';
import { readSnapshotHeader } from './snapshot-header.ts';

/** A snapshot that was taken, and what it cost. */
export interface SnapshotResult {
  readonly path: string;
  readonly fileBytes: number;
  readonly nodeCount: number;
  readonly edgeCount: number;
  /** Milliseconds the thread stood still, by the clock. */
  readonly pauseMs: number;
  readonly residentBeforeBytes: number;
  /** The largest resident memory of the process so far: the snapshot's own peak, or an earlier one above it. */
  readonly residentPeakBytes: number;
  /** After {@link mallocTrim}, where it works. */
  readonly residentAfterBytes: number;
  readonly trimmed: boolean;
}

/** Makes V8 write a snapshot of this thread into a path that does not exist yet; throws when it cannot. */
export type SnapshotFileWriter = (path: string) => void;

/** Bytes of a file in which V8's header surely ends. */
const HEADER_BYTES = 16 * 1024;

/**
 * Takes a heap snapshot of this thread into `path`, which must not exist yet; the file is readable for the owner alone. Everything on this thread stands still meanwhile:
 * decide with {@link judgeSnapshot} first. Memory the snapshot leaves is trimmed where {@link mallocTrim} works, and later predictions learn from it. Give a `.partial`
 * path, check with {@link verifyHeapSnapshot}, rename. `write` makes the file, Node's own way when it is left out.
 * @throws ERR_PLIMSOLL_UNAVAILABLE when the file cannot be written; nothing is left at `path` then.
 */
export function writeHeapSnapshot(
  path: string,
  write: SnapshotFileWriter = writeV8HeapSnapshot,
): SnapshotResult {
  refuseExisting(path);
  // Loaded before the measurement: its own memory is no residue.
  const trim = mallocTrim();
  const residentBeforeBytes = readMemory().rssBytes;
  const beganMs = performance.now();
  try {
    write(path);
  } catch (error) {
    throw abandoned(path, error);
  }
  const pauseMs = performance.now() - beganMs;
  const residentPeakBytes = process.resourceUsage().maxRSS * 1024;
  // V8 collects all garbage for a snapshot: this is the heap that was captured, not the one before with its garbage.
  const { heapUsedBytes } = readHeapShape();
  const trimmed = trim.available && giveBack(trim);
  const residentAfterBytes = readMemory().rssBytes;
  const { nodeCount, edgeCount } = headerOf(path);
  const peakBytes = Math.max(0, residentPeakBytes - residentBeforeBytes);
  learnFromCapture({ heapUsedBytes, nodeCount, edgeCount, peakBytes, pauseMs });
  const result: SnapshotResult = {
    path,
    fileBytes: statSync(path).size,
    nodeCount,
    edgeCount,
    pauseMs,
    residentBeforeBytes,
    residentPeakBytes,
    residentAfterBytes,
    trimmed,
  };
  const { path: _path, ...numbers } = result;
  journal().write('inspect', 'snapshot-written', { ...numbers, heapUsedBytes });
  return result;
}

/**
 * Gives back what the snapshot took. malloc can only trim what V8 has freed, and V8 keeps two things: the names of a snapshot while a sampler runs (1 kB for each index: most of
 * the peak), and the table of object ids until an inspector disables its heap profiler. Without both steps a third to four fifths of the peak stay resident even trimmed.
 */
function giveBack(trim: MallocTrim): boolean {
  pauseAllocationSampling(() => {
    // A client that compares snapshots of its own needs the ids.
    if (isInspectorPortOpen()) return;
    const inspector = openInspector();
    inspector.tryAsk('HeapProfiler.enable');
    inspector.tryAsk('HeapProfiler.disable');
  });
  return trim.trim() !== undefined;
}

/** V8 opens the path as it finds it: a link there would be followed, a file overwritten. */
function refuseExisting(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  throw new PlimsollError('ERR_PLIMSOLL_OPTION', `${path} exists already: a snapshot never overwrites.`, {
    details: { path },
  });
}

function abandoned(path: string, cause: unknown): PlimsollError {
  try {
    unlinkSync(path);
  } catch {
    // It was never made, or the folder does not let us: the message below says that nothing valid is there.
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  return new PlimsollError(
    'ERR_PLIMSOLL_UNAVAILABLE',
    `No heap snapshot could be written to ${path}: ${why}.`,
    {
      cause,
      details: { path },
    },
  );
}

function headerOf(path: string): { nodeCount: number; edgeCount: number } {
  const descriptor = openSync(path, 'r');
  try {
    const head = Buffer.alloc(HEADER_BYTES);
    const length = readSync(descriptor, head, 0, HEADER_BYTES, 0);
    const header = readSnapshotHeader(head.toString('latin1', 0, length));
    if (header !== undefined) return header;
  } finally {
    closeSync(descriptor);
  }
  throw abandoned(path, new Error('V8 wrote no header, the disk may be full'));
}
