/**
 * The timeline is the one piece of evidence that exists in every death, so it is on disk before anything happens: a small file of fixed size, made whole at the
 * start (a disk that fills later cannot stop it), into which each tick writes one record in place. The page cache holds the write: it outlives the process,
 * whatever kills it. A record carries its number first and last; a torn one is skipped by the reader.
 *
 * Two rings share the file. At 100 ms a tick, one ring of this size would reach back less than two minutes, which shows the fall but not the slope before it:
 *   fine    every tick,            1,024 records: 100 s to 17 min
 *   coarse  one tick in 15 s,        960 records: 4 h
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import { type MemorySample, PlimsollError, type PressureLevel } from '@plimsoll/memory';
import { decodeRecord, encodeRecord, recordBytes, type TimelineRecord } from './timeline-record.ts';

const fineCount = 1024;
const coarseCount = 960;
const coarseStepMs = 15_000;

/** The file opens with one record's space for this mark and the two counts. */
const mark = 'plimsoll-timeline/1\n';
const fineOffsetBytes = recordBytes;
const coarseOffsetBytes: number = fineOffsetBytes + fineCount * recordBytes;

/** Bytes of a timeline file, always: 254 kB. */
export const timelineFileBytes: number = coarseOffsetBytes + coarseCount * recordBytes;

/** The timeline of a living process. */
export class TimelineRing {
  readonly #path: string;
  readonly #buffer: Buffer = Buffer.alloc(recordBytes);
  readonly #view: DataView = new DataView(this.#buffer.buffer, this.#buffer.byteOffset, recordBytes);
  #descriptor: number | undefined;
  #number = 0;
  #coarseNumber = 0;
  #coarseAtMs = Number.NEGATIVE_INFINITY;

  /**
   * Makes the whole file at `path`, readable by its owner only.
   * @throws what the file system throws: the path exists, the disk is full, the folder is read-only.
   */
  constructor(path: string) {
    this.#path = path;
    // Never through a symbolic link, never into a file somebody else prepared.
    this.#descriptor = openSync(
      path,
      constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | (constants.O_NOFOLLOW ?? 0),
      0o600,
    );
    try {
      const whole = Buffer.alloc(timelineFileBytes);
      whole.write(mark, 'latin1');
      writeWhole(this.#descriptor, whole);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get path(): string {
    return this.#path;
  }

  /**
   * Writes one tick: about 4 µs, no allocation.
   * @throws what the file system throws; the caller reports it once.
   */
  write(sample: MemorySample, level: PressureLevel): void {
    if (this.#descriptor === undefined) return;
    this.#number += 1;
    this.#put(fineOffsetBytes + ((this.#number - 1) % fineCount) * recordBytes, this.#number, sample, level);
    if (sample.monotonicMs - this.#coarseAtMs < coarseStepMs) return;
    this.#coarseAtMs = sample.monotonicMs;
    this.#coarseNumber += 1;
    const slot = (this.#coarseNumber - 1) % coarseCount;
    this.#put(coarseOffsetBytes + slot * recordBytes, this.#coarseNumber, sample, level);
  }

  #put(positionBytes: number, number: number, sample: MemorySample, level: PressureLevel): void {
    encodeRecord(this.#view, 0, number, sample, level);
    writeSync(this.#descriptor as number, this.#buffer, 0, recordBytes, positionBytes);
  }

  /** Closes the file and leaves it where it is. */
  close(): void {
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

function writeWhole(descriptor: number, bytes: Buffer): void {
  let writtenBytes = 0;
  while (writtenBytes < bytes.length) {
    writtenBytes += writeSync(descriptor, bytes, writtenBytes, bytes.length - writtenBytes, writtenBytes);
  }
  if (fstatSync(descriptor).size !== bytes.length) {
    throw new PlimsollError(
      'ERR_PLIMSOLL_FORMAT',
      `The timeline file is not ${bytes.length} B after writing.`,
    );
  }
}

/**
 * Every whole record of the timeline file at `path`, in the order in which they were written, each moment once. That is the order of their numbers: the clock may have been set
 * back meanwhile.
 * @throws ERR_PLIMSOLL_FORMAT when the file is no timeline; what the file system throws when it cannot be read.
 */
export function readTimeline(path: string): TimelineRecord[] {
  const bytes = readFileSync(path);
  if (bytes.length !== timelineFileBytes || bytes.toString('latin1', 0, mark.length) !== mark) {
    throw new PlimsollError(
      'ERR_PLIMSOLL_FORMAT',
      `${path} is no timeline: expected ${timelineFileBytes} B that begin with ${JSON.stringify(mark.trim())}.`,
      { details: { path, fileBytes: bytes.length } },
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fine = readRing(view, fineOffsetBytes, fineCount);
  const coarse = readRing(view, coarseOffsetBytes, coarseCount);
  // Every coarse record was a fine one first: those that still are end what only the coarse ring reaches back to.
  const fineTimes = new Set(fine.map(({ atMs }) => atMs));
  const reachedIndex = coarse.findIndex(({ atMs }) => fineTimes.has(atMs));
  return [...(reachedIndex < 0 ? coarse : coarse.slice(0, reachedIndex)), ...fine];
}

/** The whole records of one ring by their numbers. */
function readRing(view: DataView, startBytes: number, count: number): TimelineRecord[] {
  const found: { readonly number: number; readonly record: TimelineRecord }[] = [];
  for (let index = 0; index < count; index += 1) {
    const decoded = decodeRecord(view, startBytes + index * recordBytes);
    if (decoded !== undefined) found.push(decoded);
  }
  return found.sort((a, b) => a.number - b.number).map(({ record }) => record);
}
