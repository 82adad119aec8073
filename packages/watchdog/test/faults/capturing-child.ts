import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';

const program = join(import.meta.dirname, 'programs', 'captures-at-once.mjs');

/** What the program says of its capture. */
export interface Outcome {
  readonly folder: string | null;
  readonly files: readonly string[];
  readonly refusals: readonly string[];
  readonly active: boolean;
}

/** A process that takes a heap snapshot into `incidentDir`; gone when the test ends. */
export class CapturingChild {
  readonly process: ChildProcess;
  readonly closed: Promise<unknown[]>;
  readonly #incidentDir: string;
  #text = '';
  stderr = '';

  constructor(incidentDir: string, words: readonly string[] = [], limit = '8GiB') {
    this.#incidentDir = incidentDir;
    this.process = spawn(process.execPath, [program, incidentDir, ...words], {
      env: { PATH: process.env['PATH'], PLIMSOLL_LIMIT: limit, PLIMSOLL_PPROF: 'off' },
    });
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#text += text));
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.closed = once(this.process, 'close');
    onTestFinished(() => void this.process.kill('SIGKILL'));
  }

  /** Resolves in the middle of the snapshot: its file has a name and no end. */
  async inCapture(): Promise<void> {
    const isThere = (): boolean => this.#partials().length > 0;
    while (!isThere()) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  #partials(): string[] {
    if (!existsSync(this.#incidentDir)) return [];
    return readdirSync(this.#incidentDir, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.heapsnapshot.partial'),
    );
  }

  /** The values it has said, of those that have `member`. */
  async says(member: string): Promise<Record<string, unknown>> {
    for (;;) {
      const lines = this.#text.split('\n').slice(0, -1);
      const found = lines
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .find((value) => member in value);
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** What came of the capture; the service is alive after it. */
  async outcome(): Promise<Outcome> {
    const outcome = (await this.says('refusals')) as unknown as Outcome;
    await this.says('alive');
    expect(outcome.active).toBe(true);
    return outcome;
  }
}
