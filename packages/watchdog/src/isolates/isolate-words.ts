import type { MemorySample } from '@plimsoll/memory';

/** Workers that can be guarded at once; more run unguarded. */
const slotCount = 64;
/** Bytes of a worker's file name that are kept. */
const fileBytes = 192;
/** A worker that has not looked for this long has ended or stands still: its numbers no longer count. */
const staleMs = 30_000;

/** Doubles that tell of the process. */
const processFields = [
  'limitBytes',
  'workingSetBytes',
  'rssBytes',
  'otherProcessesBytes',
  'heapGrowthLeftBytes',
] as const;
/** Doubles of each slot. */
const slotFields = ['atMs', 'heapUsedBytes', 'heapCommittedBytes', 'heapLimitBytes'] as const;
/** Integers of each slot: thread id or 0, asked for evidence, has spoken its last words, the thread that has started it: 0 is the main thread. */
const owner = 0;
const asked = 1;
const spoken = 2;
const parent = 3;
const slotWords = 4;

const doublesAt = 8;
const slotDoublesAt = doublesAt + processFields.length * 8;
const wordsAt = slotDoublesAt + slotCount * slotFields.length * 8;
const filesAt = wordsAt + slotCount * slotWords * 4;
const totalBytes = filesAt + slotCount * fileBytes;

/** What the main thread has seen of the process at its last tick. */
export interface ProcessNumbers extends Pick<
  MemorySample,
  'limitBytes' | 'workingSetBytes' | 'rssBytes' | 'otherProcessesBytes'
> {
  /** What the heap of the main thread may still grow by. */
  readonly heapGrowthLeftBytes: number;
}

/** What is known of a guarded worker. */
export interface IsolateRow {
  readonly threadId: number;
  readonly file: string;
  /** When the worker looked last, milliseconds since the epoch. */
  readonly atMs: number;
  readonly heapUsedBytes: number;
  readonly heapCommittedBytes: number;
  /** Old space the worker may use. */
  readonly heapLimitBytes: number;
  /** It has met its limit and said so. */
  readonly hasSpoken: boolean;
}

/**
 * The memory all isolates of a process share: the main thread writes what it sees of the process, each guarded worker what it sees of its own heap. No message is sent: a
 * worker at its limit, or a main thread that is blocked, could not answer one.
 */
export class IsolateWords {
  readonly buffer: SharedArrayBuffer;
  readonly #incident: Int32Array;
  readonly #process: Float64Array;
  readonly #slots: Float64Array;
  readonly #words: Int32Array;
  readonly #files: Uint8Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(totalBytes)) {
    this.buffer = buffer;
    this.#incident = new Int32Array(buffer, 0, 1);
    this.#process = new Float64Array(buffer, doublesAt, processFields.length);
    this.#slots = new Float64Array(buffer, slotDoublesAt, slotCount * slotFields.length);
    this.#words = new Int32Array(buffer, wordsAt, slotCount * slotWords);
    this.#files = new Uint8Array(buffer, filesAt, slotCount * fileBytes);
  }

  /** Written by the main thread at each tick. */
  setProcess(numbers: ProcessNumbers): void {
    for (const [index, field] of processFields.entries()) this.#process[index] = numbers[field];
  }

  /** What the main thread wrote last. */
  process(): ProcessNumbers {
    const [
      limitBytes = 0,
      workingSetBytes = 0,
      rssBytes = 0,
      otherProcessesBytes = 0,
      heapGrowthLeftBytes = 0,
    ] = this.#process;
    return { limitBytes, workingSetBytes, rssBytes, otherProcessesBytes, heapGrowthLeftBytes };
  }

  /** Takes a slot for a worker that the thread `parentThreadId` has started; undefined when all are taken. */
  claim(threadId: number, file: string, parentThreadId = 0): number | undefined {
    for (let slot = 0; slot < slotCount; slot += 1) {
      if (Atomics.compareExchange(this.#words, slot * slotWords + owner, 0, threadId) !== 0) continue;
      const name = Buffer.alloc(fileBytes);
      name.write(file);
      this.#files.set(name, slot * fileBytes);
      this.#words[slot * slotWords + asked] = 0;
      this.#words[slot * slotWords + spoken] = 0;
      this.#words[slot * slotWords + parent] = parentThreadId;
      return slot;
    }
    return undefined;
  }

  /** How many slots are taken by workers that the main thread has started. */
  claimedCount(): number {
    let count = 0;
    for (let slot = 0; slot < slotCount; slot += 1) {
      const at = slot * slotWords;
      if (this.#words[at + owner] !== 0 && this.#words[at + parent] === 0) count += 1;
    }
    return count;
  }

  /** Gives the slot of a worker that has ended back; what was known of it, undefined when nothing was. */
  release(threadId: number): IsolateRow | undefined {
    const slot = this.#slotOf(threadId);
    if (slot === undefined) return undefined;
    const row = this.#row(slot);
    this.#slots.fill(0, slot * slotFields.length, (slot + 1) * slotFields.length);
    Atomics.store(this.#words, slot * slotWords + owner, 0);
    // Workers that it has started end with it, and nobody else hears of them.
    for (let other = 0; other < slotCount; other += 1) {
      const at = other * slotWords;
      if (this.#words[at + parent] === threadId && this.#words[at + owner] !== 0)
        this.release(this.#words[at + owner] ?? 0);
    }
    return row;
  }

  /** Written by the worker at each of its ticks. */
  write(slot: number, heapUsedBytes: number, heapCommittedBytes: number, heapLimitBytes: number): void {
    this.#slots.set(
      [Date.now(), heapUsedBytes, heapCommittedBytes, heapLimitBytes],
      slot * slotFields.length,
    );
  }

  /** The guarded workers that live, the largest heap first. */
  rows(): IsolateRow[] {
    const since = Date.now() - staleMs;
    const rows: IsolateRow[] = [];
    for (let slot = 0; slot < slotCount; slot += 1) {
      if (this.#words[slot * slotWords + owner] === 0) continue;
      const row = this.#row(slot);
      if (row.atMs >= since) rows.push(row);
    }
    return rows.sort((a, b) => b.heapUsedBytes - a.heapUsedBytes);
  }

  /** Heap pages of all guarded workers. For each tick: allocates nothing. */
  committedBytes(): number {
    const since = Date.now() - staleMs;
    let sumBytes = 0;
    for (let slot = 0; slot < slotCount; slot += 1) {
      const at = slot * slotFields.length;
      if (this.#words[slot * slotWords + owner] === 0 || (this.#slots[at] ?? 0) < since) continue;
      sumBytes += this.#slots[at + slotFields.indexOf('heapCommittedBytes')] ?? 0;
    }
    return sumBytes;
  }

  /** Asks a worker for its evidence; it looks at its next tick. */
  ask(threadId: number): void {
    const slot = this.#slotOf(threadId);
    if (slot !== undefined) Atomics.store(this.#words, slot * slotWords + asked, 1);
  }

  /** True once for each time the worker was asked. */
  takeAsked(slot: number): boolean {
    return Atomics.exchange(this.#words, slot * slotWords + asked, 0) === 1;
  }

  /** The worker has met its limit and has said so itself. */
  setSpoken(slot: number): void {
    Atomics.store(this.#words, slot * slotWords + spoken, 1);
  }

  /**
   * True for the worker that may open an incident now: one in `cooldownMs` for all workers of the process, which come and go, so that a pool that replaces what has died does
   * not fill the disk.
   */
  admitIncident(cooldownMs: number): boolean {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const lastSeconds = Atomics.load(this.#incident, 0);
    if (lastSeconds !== 0 && nowSeconds - lastSeconds < cooldownMs / 1000) return false;
    return Atomics.compareExchange(this.#incident, 0, lastSeconds, nowSeconds) === lastSeconds;
  }

  #slotOf(threadId: number): number | undefined {
    for (let slot = 0; slot < slotCount; slot += 1) {
      if (this.#words[slot * slotWords + owner] === threadId) return slot;
    }
    return undefined;
  }

  #row(slot: number): IsolateRow {
    const at = slot * slotFields.length;
    const [atMs = 0, heapUsedBytes = 0, heapCommittedBytes = 0, heapLimitBytes = 0] =
      this.#slots.subarray(at);
    const name = Buffer.from(this.#files.slice(slot * fileBytes, (slot + 1) * fileBytes));
    const end = name.indexOf(0);
    return {
      threadId: this.#words[slot * slotWords + owner] ?? 0,
      file: name.toString('utf8', 0, end < 0 ? fileBytes : end),
      atMs,
      heapUsedBytes,
      heapCommittedBytes,
      heapLimitBytes,
      hasSpoken: this.#words[slot * slotWords + spoken] === 1,
    };
  }
}
