import { Session } from 'node:inspector';
import { pathToFileURL } from 'node:url';

interface CoveredScript {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[];
}

/**
 * Counts, from its beginning on, which files run a function. The one inspector session outside
 * `@plimsoll/inspect`: `plimsoll modules` starts the measured process with `PLIMSOLL=off`, so there is no guard for it to meet.
 * @see https://chromedevtools.github.io/devtools-protocol/v8/Profiler/#method-startPreciseCoverage
 */
export class UsageWatch {
  readonly #session = new Session();
  readonly #usedFiles = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  }

  /** The files of which a function ran since the beginning, as `file:` URLs. */
  read(): ReadonlySet<string> {
    // Answered before the call returns: the session is on this thread.
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error !== null) return;
      for (const script of answer.result as unknown as CoveredScript[]) {
        if (script.functions.some(({ ranges }) => (ranges[0]?.count ?? 0) > 0))
          this.#usedFiles.add(fileOf(script.url));
      }
    });
    return this.#usedFiles;
  }
}

/** CommonJS files have a path for a URL, or a `file:` URL, by version. */
function fileOf(url: string): string {
  return url.startsWith('/') ? pathToFileURL(url).href : url;
}
