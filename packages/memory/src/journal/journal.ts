import { processWide } from '../registry.ts';

/** One decision, also a decision *not* to act, with the numbers it was made from. Never content of the application. */
export interface JournalEntry {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** Who decided: `limit`, `pressure`, `reclaim`, `heap`, `capture`, `guard`, … */
  readonly part: string;
  /** What was decided, a word or two joined by `-`: `snapshot-refused`, `level-changed`. */
  readonly event: string;
  /** The numbers and names behind it. */
  readonly numbers: Readonly<Record<string, number | string | boolean | null>>;
}

/** Called with each entry as it is written. Must not throw; if it does, it is dropped. */
export type JournalSink = (entry: JournalEntry) => void;

/** Entries kept in memory. 1,024 of about 200 B are 200 kB at the very most; a quiet service writes a few a day. */
const CAPACITY_COUNT = 1024;

/** The bounded record of every decision of this process. One per process: see {@link journal}. */
export class Journal {
  readonly #entries: JournalEntry[] = [];
  readonly #sinks = new Set<JournalSink>();
  #next = 0;
  #droppedCount = 0;

  /** Writes one decision. Never throws. */
  write(part: string, event: string, numbers: JournalEntry['numbers'] = {}): void {
    const entry: JournalEntry = { atMs: Date.now(), part, event, numbers };
    if (this.#entries.length < CAPACITY_COUNT) this.#entries.push(entry);
    else {
      this.#entries[this.#next] = entry;
      this.#droppedCount += 1;
    }
    this.#next = (this.#next + 1) % CAPACITY_COUNT;
    for (const sink of this.#sinks) {
      try {
        sink(entry);
      } catch {
        // A sink that fails (a full disk) must not reach the pressure path; it is not asked again.
        this.#sinks.delete(sink);
      }
    }
  }

  /** The entries still held, oldest first. */
  entries(): JournalEntry[] {
    if (this.#entries.length < CAPACITY_COUNT) return this.#entries.slice();
    return [...this.#entries.slice(this.#next), ...this.#entries.slice(0, this.#next)];
  }

  /** How many old entries the bound has cost. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** Passes every later entry to `sink` until the result is disposed. */
  follow(sink: JournalSink): Disposable {
    this.#sinks.add(sink);
    return { [Symbol.dispose]: () => void this.#sinks.delete(sink) };
  }
}

/** The journal of this process. */
export function journal(): Journal {
  return processWide('journal', () => new Journal());
}
