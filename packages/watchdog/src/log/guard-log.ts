import { writeSync } from 'node:fs';
import { type ThreadIdentity, threadSubject } from '../isolates/thread-identity.ts';

/** The form of the lines: one JSON object, one sentence, or none. */
export type LogForm = 'json' | 'text' | 'off';

/** What a line is about. */
export type LogEvent =
  | 'armed'
  | 'degraded'
  | 'critical'
  | 'incident'
  | 'captured'
  | 'refused'
  | 'found-death'
  | 'found-end'
  | 'death'
  | 'near-limit'
  | 'grown'
  | 'lowered'
  | 'ending'
  | 'dry-run'
  | 'worker-ended'
  | 'ended';

/** Numbers and names that go with a line. Never content of the application. */
export type LogNumbers = Readonly<Record<string, number | string | boolean | null | undefined>>;

/** A pipe takes this much in one piece (`PIPE_BUF`), so lines of several processes never mix. */
const maxLineBytes = 4096;

/** A full pipe is waited for this often, 2 ms each: a collector that stalls must not stall the service. */
const maxAttempts = 3;

/** The lines the guard writes to stderr: few, one at a time, at once, whatever the application has done to `process.stderr`. */
export class GuardLog {
  readonly #form: LogForm;
  readonly #descriptor: number;
  readonly #thread: ThreadIdentity | undefined;
  #lastLine = '';

  /** `descriptor` is 2 except in tests; `thread` is the worker whose lines these are. */
  constructor(form: LogForm, descriptor = 2, thread?: ThreadIdentity) {
    this.#form = form;
    this.#descriptor = descriptor;
    this.#thread = thread;
  }

  /** The last line, also when the form is `off`. */
  get lastLine(): string {
    return this.#lastLine;
  }

  /** Writes one line. Never throws: a closed or stalled stderr costs the line, nothing else. */
  write(event: LogEvent, words: string, numbers: LogNumbers = {}): void {
    const thread = this.#thread;
    const subject = thread === undefined ? '' : `${threadSubject(thread)}: `;
    // What was filed under this thread says so already.
    const sentence = words.startsWith(subject) ? words : subject + words;
    const all = thread === undefined ? numbers : { ...numbers, threadId: thread.threadId };
    const line = this.#form === 'text' ? textLine(event, sentence) : jsonLine(event, sentence, all);
    this.#lastLine = line;
    if (this.#form !== 'off') writeLine(this.#descriptor, line);
  }
}

/** `{"plimsoll":"critical","time":"…","message":"…",…}`, at most 4 kB with its newline: the numbers go first when it is longer. */
function jsonLine(event: LogEvent, sentence: string, numbers: LogNumbers): string {
  const head = { plimsoll: event, time: new Date().toISOString(), pid: process.pid, message: sentence };
  const line = JSON.stringify({ ...head, ...numbers });
  if (Buffer.byteLength(line) < maxLineBytes) return line;
  return JSON.stringify({ ...head, message: cut(sentence) });
}

function textLine(event: LogEvent, sentence: string): string {
  return `plimsoll: ${event}: ${cut(sentence.replace(/\s*\n\s*/g, ' '))}`;
}

function cut(sentence: string): string {
  // Three bytes a character at most in UTF-8 here, and JSON may double them again.
  return sentence.length > 600 ? `${sentence.slice(0, 599)}…` : sentence;
}

function writeLine(descriptor: number, line: string): void {
  const bytes = Buffer.from(`${line}\n`);
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    try {
      writeSync(descriptor, bytes);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}
