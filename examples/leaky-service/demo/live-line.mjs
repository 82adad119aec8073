// One line that is rewritten: memory against the load line, requests served, pressure.
import { formatBytes } from 'plimsoll';
import { meter } from './chart.mjs';

export class LiveLine {
  #stream;
  #lastMs = 0;

  /** Writes to `stream`, or nowhere. Where lines cannot be rewritten (a log file) one is written every 3 s. */
  constructor(stream) {
    this.#stream = stream;
  }

  update({ workingSetBytes, limitBytes, servedCount, level }) {
    if (this.#stream === undefined) return;
    const rewrites = this.#stream.isTTY === true;
    if (!rewrites && Date.now() - this.#lastMs < 3_000) return;
    this.#lastMs = Date.now();
    const ratio = workingSetBytes / limitBytes;
    const memory = `${formatBytes(workingSetBytes)} of ${formatBytes(limitBytes)}`;
    const line = `${meter(ratio, 30)} ${memory.padEnd(20)} ${String(servedCount).padStart(7)} requests  ${level}`;
    this.#stream.write(rewrites ? `\r\u001b[2K${line}` : `${line}\n`);
  }

  end() {
    if (this.#stream?.isTTY === true) this.#stream.write('\n');
    this.#stream?.write('\n');
  }
}
