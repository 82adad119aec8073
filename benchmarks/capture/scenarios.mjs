// The ways to die, and for each what a right answer may name. A name that is not here is a wrong one.

/**
 * @typedef Scenario
 * @property {string} file The program, in programs/.
 * @property {number} fillSeconds The leak fills the container in this time; growth is so many bytes a second, whatever the machine does.
 * @property {string[]} containers Variables that a right answer may name.
 * @property {string[]} functions Functions that allocate what leaks: the one that does, and those it may be inlined into.
 * @property {RegExp} trigger What may open the incident.
 * @property {string} [leakFile] Where the names above live, when not in `file`.
 * @property {(limitMib: number) => number} [argument] The program's argument instead of megabytes a second.
 * @property {(limitMib: number) => string[]} [nodeFlags] Flags the user gives node.
 * @property {{ atRatio: number, toRatio: number }} [resize] The container's limit is changed once so much of it is in use.
 * @property {RegExp} [says] Text of incident.json that is a right answer as well; `$pid` stands for the pid the program prints.
 * @property {Record<string, string>} [env] What the owner of such a service would set.
 * @property {boolean} [partner] A server outside of the container, whose address is in PARTNER_URL.
 * @property {boolean} [leaks] False for a program that nothing may be said of.
 */

const anyGrowth = /growth|critical|terminal|ratio|heap-limit|death/;
const beside = /off-heap|critical|terminal|ratio|death/;

/** @type {Readonly<Record<string, Scenario>>} */
export const scenarios = {
  timers: {
    file: 'timers.mjs',
    fillSeconds: 20,
    containers: ['sessions'],
    functions: ['rememberSession', 'onTick'],
    trigger: anyGrowth,
  },
  async: {
    file: 'async.mjs',
    fillSeconds: 6,
    containers: ['audit'],
    functions: ['lookUp', 'recordAudit'],
    trigger: anyGrowth,
  },
  loop: {
    file: 'loop.mjs',
    fillSeconds: 8,
    containers: ['graph'],
    functions: ['expandNode', 'crawl'],
    // In a container of 1 GiB or more the sentinel is there unasked.
    env: { PLIMSOLL_SENTINEL: 'always' },
    trigger: anyGrowth,
  },
  buffers: {
    file: 'buffers.mjs',
    fillSeconds: 8,
    containers: ['bodies'],
    functions: ['keepBody', 'onTick'],
    trigger: beside,
  },
  worker: {
    file: 'worker.mjs',
    leakFile: 'worker-thread.mjs',
    fillSeconds: 8,
    containers: ['finishedJobs'],
    functions: ['finishJob', 'onTick'],
    trigger: /worker|off-heap|critical|terminal|ratio|death/,
  },
  array: {
    file: 'array.mjs',
    fillSeconds: 10,
    containers: ['points'],
    functions: ['recordPoint', 'onTick'],
    trigger: anyGrowth,
  },
  map: {
    file: 'map.mjs',
    fillSeconds: 10,
    containers: ['hitsByAddress'],
    functions: ['countHit', 'onTick'],
    trigger: anyGrowth,
  },
  closures: {
    file: 'closures.mjs',
    fillSeconds: 10,
    containers: ['priceFeed', '_events', 'price'],
    functions: ['subscribe', 'onTick'],
    trigger: anyGrowth,
  },
  strings: {
    file: 'strings.mjs',
    fillSeconds: 10,
    containers: ['renderedPages'],
    functions: ['renderPage', 'onTick'],
    trigger: anyGrowth,
  },
  json: {
    file: 'json.mjs',
    fillSeconds: 10,
    argument: (limitMib) => Math.round(limitMib * 0.3),
    containers: ['orders', 'chunks'],
    functions: ['importOrders'],
    // A bare http server has no route templates: the request is known by its method and its length.
    says: /"method":"POST","route":(?:null|"[^"]*"),"ageMs":\d+,"contentLengthBytes":\d{7,}/,
    trigger: /.*/,
  },
  full: {
    file: 'full.mjs',
    fillSeconds: 16,
    containers: ['pendingInvoices'],
    functions: ['queueInvoice', 'onTick'],
    trigger: anyGrowth,
  },
  siblings: {
    file: 'siblings.mjs',
    fillSeconds: 12,
    containers: [],
    functions: [],
    says: /another process of this (?:cgroup|container)[^"]*\bpid $pid\b/i,
    trigger: /.*/,
  },
  fetch: {
    file: 'fetch.mjs',
    fillSeconds: 14,
    partner: true,
    containers: ['checked'],
    functions: ['checkPartner'],
    trigger: /off-heap|growth|critical|terminal|ratio|death/,
  },
  wasm: {
    file: 'wasm.mjs',
    fillSeconds: 8,
    containers: ['codecMemory'],
    functions: ['decodeFrame', 'onTick'],
    trigger: beside,
  },
  livelock: {
    file: 'timers.mjs',
    fillSeconds: 12,
    // The user has sized the heap himself, to the whole container: the kernel starts to evict the program's own text before V8 has had enough.
    nodeFlags: (limitMib) => [`--max-old-space-size=${limitMib}`],
    containers: ['sessions'],
    functions: ['rememberSession', 'onTick'],
    trigger: /growth|livelock|critical|terminal|ratio|death/,
  },
  shrink: {
    file: 'timers.mjs',
    fillSeconds: 14,
    resize: { atRatio: 0.45, toRatio: 0.7 },
    containers: ['sessions'],
    functions: ['rememberSession', 'onTick'],
    trigger: anyGrowth,
  },
  healthy: {
    file: 'healthy.mjs',
    fillSeconds: 6,
    containers: [],
    functions: [],
    trigger: /^$/,
    leaks: false,
  },
};

/** What the program of a scenario gets as its argument. */
export function argumentOf({ argument, fillSeconds }, limitMib, ratePerSecond) {
  if (argument !== undefined) return argument(limitMib);
  return ratePerSecond ?? Math.round(((limitMib * 1.048_576) / fillSeconds) * 10) / 10;
}
