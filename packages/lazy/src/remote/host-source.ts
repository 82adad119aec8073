/**
 * The program that runs a module in a worker or child, as text: it is evaluated there, so a bundler that moves or renames our files cannot break it.
 * Neither CommonJS nor ES module, so that an inherited `--input-type` does not matter; the module itself is loaded by `import()`.
 */
export const hostSource = `'use strict';
const { isMainThread, parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
const { getHeapStatistics } = process.getBuiltinModule('node:v8');
const url = isMainThread ? process.argv[1] : workerData.url;
const post = isMainThread ? (message) => process.send(message) : (message, list) => parentPort.postMessage(message, list);
const controllers = new Map();
const moved = Symbol.for('plimsoll.moved');
const pack = (error) => {
  const fault = error instanceof Error ? error : new Error(String(error));
  return { name: fault.name, message: fault.message, stack: fault.stack, code: fault.code };
};
let measuredAtMs = -1000;
let bytes = 0;
const measure = () => {
  if (performance.now() - measuredAtMs < 1000) return bytes;
  measuredAtMs = performance.now();
  const heap = getHeapStatistics();
  bytes = isMainThread ? process.memoryUsage.rss() : heap.total_physical_size + heap.external_memory;
  return bytes;
};
const loading = import(url);
loading.then(
  () => post({ kind: 'ready', bytes: measure() }),
  (error) => post({ kind: 'load-failed', error: pack(error) }),
);
const call = async ({ id, method, args }) => {
  const controller = new AbortController();
  controllers.set(id, controller);
  try {
    const module = await loading;
    const owner = typeof module[method] === 'function' ? module : module.default;
    if (owner == null || typeof owner[method] !== 'function') {
      throw new TypeError('the module exports no function "' + method + '"');
    }
    const self = Object.create(owner, { signal: { value: controller.signal } });
    const answer = await owner[method].apply(self, args);
    if (typeof answer === 'object' && answer !== null && answer[moved] !== undefined) {
      post({ kind: 'value', id, value: answer.value, bytes: measure() }, answer[moved]);
    } else post({ kind: 'value', id, value: answer, bytes: measure() });
  } catch (error) {
    post({ kind: 'error', id, error: pack(error) });
  } finally {
    controllers.delete(id);
  }
};
const receive = (message) => {
  if (message.kind === 'cancel') controllers.get(message.id)?.abort();
  else call(message);
};
if (isMainThread) {
  process.on('message', receive);
  process.on('disconnect', () => process.exit(0));
} else parentPort.on('message', receive);
`;
