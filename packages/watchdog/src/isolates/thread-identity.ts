import { isAbsolute } from 'node:path';
import { threadId } from 'node:worker_threads';
import { locateScript } from '@plimsoll/inspect';

/** A worker thread of a process, as its evidence names it. */
export interface ThreadIdentity {
  readonly threadId: number;
  /** The script the thread was started with, relative to the working directory where it lies inside it; empty where it has no file. */
  readonly file: string;
}

/** What Node calls a script that was given as text. */
const evalName = '[worker eval]';

/** Which worker this is. Only a path or Node's own word for source text is shown: a `data:` URL would be content. */
export function identifyThread(): ThreadIdentity {
  const script = process.argv[1] ?? '';
  if (isAbsolute(script)) return { threadId, file: locateScript(script).file };
  return { threadId, file: script === evalName ? evalName : '' };
}

/** `worker thread 3 (/srv/resize.mjs)` */
export function threadLabel({ threadId: id, file }: ThreadIdentity): string {
  return `worker thread ${id}${file === '' ? '' : ` (${file})`}`;
}

/** The same at the beginning of a sentence. */
export function threadSubject(thread: ThreadIdentity): string {
  const label = threadLabel(thread);
  return label.charAt(0).toUpperCase() + label.slice(1);
}
