/**
 * The sentinel's thread, as text: a worker that is started from a file would not be found in a bundle. It sees when the main thread is silent while memory grows, and then has
 * it look at once: `Runtime.evaluate` interrupts even a synchronous loop, on every version of Node, in 0–160 ms. It connects for that one question only: a session that stays
 * connected would have V8 wait for it after a pause, and Node say so at the end of the process.
 *
 * `workerData` is `{ buffer, expression, limitBytes }`; the words of the buffer are those of SentinelWords.
 */
export const sentinelThread = `'use strict';
const { Session } = require('node:inspector');
const { buffer, expression, limitBytes } = require('node:worker_threads').workerData;

const words = new Int32Array(buffer, 0, 4);
const numbers = new Float64Array(buffer, 16, 4);
const LOCK = 0, ENDED = 1, PORT = 2;
const BEAT_AT = 0, DUE_AT = 1, RESIDENT = 2;

// Looked at this often while memory is still, and while it grows.
const CALM_MS = 250, GROWING_MS = 50;
// A main thread that looked less than this ago is not asked again; one in a native call is left alone after this, and not asked again for as long.
const LEAST_SILENT_MS = 100, PATIENCE_MS = 2000;
// Worth a look: so much has been added since the last one, or so much is in use while the main thread is late.
const step = Math.max(8 * 1024 * 1024, limitBytes * 0.04);
const half = limitBytes * 0.5;

let session;
let askedAt = 0;
let restUntil = 0;
let last = 0;

function now() {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

function release() {
  if (session === undefined) return;
  const was = session;
  session = undefined;
  was.disconnect();
  Atomics.compareExchange(words, LOCK, 1, 0);
}

function ask() {
  if (Atomics.compareExchange(words, LOCK, 0, 1) !== 0) return;
  askedAt = now();
  session = new Session();
  session.connectToMainThread();
  session.post('Runtime.evaluate', { expression, silent: true, returnByValue: true }, release);
}

function look() {
  if (words[ENDED] === 1) {
    release();
    return;
  }
  const at = now();
  if (session !== undefined) {
    if (at - askedAt > PATIENCE_MS) {
      restUntil = at + PATIENCE_MS;
      release();
    }
    setTimeout(look, 5);
    return;
  }
  const resident = process.memoryUsage.rss();
  const isGrowing = resident - last > step / 4;
  last = resident;
  const isSilent = at - numbers[BEAT_AT] > LEAST_SILENT_MS && at > restUntil;
  const hasGrown = resident - numbers[RESIDENT] > step;
  const isLate = at > numbers[DUE_AT] && resident > half;
  if (isSilent && words[PORT] === 0 && (hasGrown || isLate)) ask();
  setTimeout(look, session === undefined ? (isGrowing ? GROWING_MS : CALM_MS) : 5);
}
look();
`;
