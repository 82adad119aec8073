import { followWorkers, type WorkerEnd } from '@plimsoll/inspect';
import { formatBytes, journal } from '@plimsoll/memory';
import type { GuardLog } from '../log/guard-log.ts';
import type { IsolateRow } from './isolate-words.ts';
import { fileSilentEnd } from './silent-end.ts';
import { threadSubject } from './thread-identity.ts';
import type { WorkerTerms } from './worker-terms.ts';

/** How the workers that this thread has started end: each gives its slot back, and one that had no word for its death gets one from here. */
export class IsolateEnds implements Disposable {
  readonly #terms: WorkerTerms;
  readonly #log: GuardLog;
  readonly #subscription: Disposable = followWorkers((end) => this.#ended(end));

  constructor(terms: WorkerTerms, log: GuardLog) {
    this.#terms = terms;
    this.#log = log;
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }

  #ended(end: WorkerEnd): void {
    const { threadId, exitCode, isOutOfMemory } = end;
    const row = this.#terms.words.release(threadId);
    const { heapUsedBytes = 0, heapLimitBytes = 0, hasSpoken = false } = row ?? {};
    journal().write('guard', 'worker-ended', {
      threadId,
      exitCode,
      isOutOfMemory,
      isGuarded: row !== undefined,
      heapUsedBytes,
      heapLimitBytes,
      hasSpoken,
    });
    if (hasSpoken || !isOutOfMemory) return;
    if (row === undefined) return this.#sayUnguarded(threadId, exitCode);
    const sentence = silentSentence(row, exitCode);
    const folder = fileSilentEnd(this.#terms, row, sentence);
    const evidence = folder === undefined ? '' : ` Evidence: ${folder}.`;
    this.#log.write('worker-ended', `${sentence}${evidence}`, {
      threadId,
      exitCode,
      heapUsedBytes,
      heapLimitBytes,
      folder: folder ?? null,
    });
  }

  #sayUnguarded(threadId: number, exitCode: number): void {
    const sentence =
      `Worker thread ${threadId} met its heap limit and ended with exit code ${exitCode}. It ran without the guard, so nothing more is known of it: ` +
      'it was started with execArgv: [], before the guard, or as one of more than 64.';
    this.#log.write('worker-ended', sentence, { threadId, exitCode });
  }
}

function silentSentence(row: IsolateRow, exitCode: number): string {
  const silentMs = Math.max(0, Date.now() - row.atMs);
  return (
    `${threadSubject(row)} met its heap limit and ended with exit code ${exitCode} and without a word; ${silentMs} ms before, its heap held ` +
    `${formatBytes(row.heapUsedBytes)} of ${formatBytes(row.heapLimitBytes)}. It filled it in one stretch of code, in which it could not look.`
  );
}
