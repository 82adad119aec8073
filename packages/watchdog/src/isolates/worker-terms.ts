import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import type { MemoryLimit, PlimsollConfig } from '@plimsoll/memory';
import type { ProcessIdentity } from '../run/process-identity.ts';
import { IsolateWords } from './isolate-words.ts';

/** The key in the environment data of Node, which every worker is born with a copy of. */
const key = 'plimsoll';
/** Raised when a member changes its meaning: two versions of this package in one process then leave each other's workers alone. */
const version = 1;

/** What the guard of the process hands to each worker that is started after it. */
export interface WorkerTerms {
  readonly config: PlimsollConfig;
  readonly identity: ProcessIdentity;
  readonly limit: MemoryLimit;
  readonly words: IsolateWords;
  /** The thread that offers them; 0 is the main thread. */
  readonly parentThreadId: number;
  /** Where incidents go; undefined where the guard files none. */
  readonly storeDir: string | undefined;
  readonly timelinePath: string | undefined;
}

/** Every worker that is started from now on gets these terms; undefined takes them back. */
export function offerWorkerTerms(terms: WorkerTerms | undefined): void {
  if (terms === undefined) {
    setEnvironmentData(key, undefined);
    return;
  }
  const { words, ...plain } = terms;
  setEnvironmentData(key, { version, plain, buffer: words.buffer });
}

/** The terms this worker was born with; undefined when its process had no guard then. */
export function takeWorkerTerms(): WorkerTerms | undefined {
  const offered = getEnvironmentData(key) as unknown as
    | { version: number; plain: Omit<WorkerTerms, 'words'>; buffer: SharedArrayBuffer }
    | undefined;
  if (offered?.version !== version) return undefined;
  return { ...offered.plain, words: new IsolateWords(offered.buffer) };
}
