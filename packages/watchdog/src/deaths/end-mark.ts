import { lstatSync, lutimesSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { liveWorkerCount } from '@plimsoll/inspect';
import { journal } from '@plimsoll/memory';

/** Hidden, so that a listing of the folder does not read it. */
const fileName = '.v8-end';
const nowhere = '/dev/null';
/** The time the mark is given when it is made: so old that every kernel notes the next reading of it, also one that notes a reading a day (`relatime`). */
const longAgoMs = 7 * 24 * 3_600_000;
/** Node.js 20 waits for an answer of every worker before it reports; a worker in a native call gives none. */
const waitsForWorkers = Number(process.versions.node.split('.')[0]) < 22;

type Report = Omit<NonNullable<NodeJS.Process['report']>, 'writeReport'> & {
  excludeNetwork?: boolean;
  writeReport(this: void, ...words: readonly unknown[]): string;
};

/**
 * The one word of a process that V8 ends while its event loop is blocked and no thread watches it, or inside one native call: that V8 ended it, and when. Node.js can
 * write a report at that moment, but the report holds the environment. So it is sent to `/dev/null` by way of a symbolic link, and the kernel notes when that link was followed:
 * the time of access of the link is the time of the death. Nothing else is left, and it costs nothing until then.
 *
 * It stands down where reports are somebody else's, and where the file system notes no times of access (`noatime`).
 */
export class EndMark {
  readonly #report: Report | undefined;
  readonly #path: string;
  #writeReport: Report['writeReport'] | undefined;
  #isOn = false;

  constructor(runPath: string) {
    this.#path = join(runPath, fileName);
    const report = process.report as unknown as Report | undefined;
    if (report === undefined || !isFree(report) || !makeMark(this.#path)) return;
    this.#report = report;
    // Early: workers that were started before the first question are not counted.
    liveWorkerCount();
    report.filename = this.#path;
    // Names of peers are looked up otherwise, which may take minutes.
    report.excludeNetwork = true;
    const { writeReport } = report;
    this.#writeReport = writeReport;
    // The service's own reports go where they would have gone.
    report.writeReport = (...words) => {
      const isOurs = report.filename === this.#path;
      if (isOurs) report.filename = '';
      try {
        return Reflect.apply(writeReport, report, words) as string;
      } finally {
        if (isOurs) report.filename = this.#path;
      }
    };
  }

  /** True while V8's end would be noted. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** One tick; `hasThread` while a thread of the guard's own watches. Never throws. */
  tick(hasThread: boolean): void {
    const report = this.#report;
    if (report?.filename !== this.#path) return;
    const isTaken = report.reportOnSignal || report.reportOnUncaughtException || report.directory !== '';
    if (isTaken) return this.end();
    const wanted = !waitsForWorkers || (!hasThread && liveWorkerCount() === 0);
    if (wanted === this.#isOn) return;
    this.#isOn = wanted;
    report.reportOnFatalError = wanted;
  }

  /** Reports are as they were. Never throws. */
  end(): void {
    const report = this.#report;
    if (report?.filename !== this.#path) return;
    report.filename = '';
    report.excludeNetwork = false;
    if (this.#writeReport !== undefined) report.writeReport = this.#writeReport;
    if (this.#isOn) report.reportOnFatalError = false;
    this.#isOn = false;
  }
}

/** Nobody has set reports up. */
function isFree(report: Report): boolean {
  const { directory, filename, reportOnFatalError, reportOnSignal, reportOnUncaughtException } = report;
  const isUsed = reportOnFatalError || reportOnSignal || reportOnUncaughtException;
  return directory === '' && filename === '' && !isUsed && report.excludeNetwork === false;
}

/** Makes the mark; false where the kernel would not note that it was followed. */
function makeMark(path: string): boolean {
  try {
    const longAgo = new Date(Date.now() - longAgoMs);
    symlinkSync(nowhere, path);
    lutimesSync(path, longAgo, longAgo);
    readlinkSync(path);
    const isNoted = lstatSync(path).atimeMs > lstatSync(path).mtimeMs;
    lutimesSync(path, longAgo, longAgo);
    if (!isNoted) journal().write('guard', 'no-end-mark', { reason: 'no times of access here' });
    return isNoted;
  } catch (error) {
    journal().write('guard', 'no-end-mark', {
      reason: error instanceof Error ? error.message : String(error),
    });
    return false;
  }
}

/** When V8 ended the process whose run is in `runPath`, in milliseconds since the epoch; undefined where nothing says so. `lastTickMs` is when that process was last seen. Never throws. */
export function readEndMark(runPath: string, lastTickMs: number): number | undefined {
  const stat = lstatSync(join(runPath, fileName), { throwIfNoEntry: false });
  // A person or a backup may have read the link while the process lived.
  return stat !== undefined && stat.atimeMs > lastTickMs && stat.atimeMs <= Date.now()
    ? stat.atimeMs
    : undefined;
}
