// The corpus of `pnpm bench autopsy`: programs that leak, with the variable that holds the leak and the file it is in, and programs that are merely full.

/** Runs `body` 250 times a second, 500 times each: some 20 MB/s of small objects. */
const often = (body, count = 500) =>
  `setInterval(() => { for (let i = 0; i < ${count}; i += 1) { ${body} } }, 4);\n`;
const session = "{ id: (n += 1), user: 'user ' + n, roles: ['a', 'b'] }";
const counter = 'let n = 0;\n';
const garbage = `let last;\nfunction innocent() { for (let i = 0; i < 3000; i += 1) last = { i, text: 'garbage ' + i }; return last; }\nsetInterval(innocent, 1);\n`;

/** A leaking program: its files, the first is run; the names any of which is the right answer, innermost first. */
const leak = (names, files, file = Object.keys(files).at(-1)) => ({ names, files, file });

export const leaking = {
  'map, CommonJS': leak(['sessions'], {
    'a.cjs': `${counter}const sessions = new Map();\n${often(`sessions.set(n, ${session})`)}`,
  }),
  'map, ES module': leak(['sessions'], {
    'a.mjs': `${counter}const sessions = new Map();\n${often(`sessions.set(n, ${session})`)}`,
  }),
  'set, CommonJS': leak(['seen'], {
    'a.cjs': `${counter}const seen = new Set();\n${often(`seen.add(${session})`)}`,
  }),
  'set, ES module': leak(['seen'], {
    'a.mjs': `${counter}const seen = new Set();\n${often(`seen.add(${session})`)}`,
  }),
  'array, CommonJS': leak(['audit'], {
    'a.cjs': `${counter}const audit = [];\n${often(`audit.push(${session})`)}`,
  }),
  'array, ES module': leak(['audit'], {
    'a.mjs': `${counter}const audit = [];\n${often(`audit.push(${session})`)}`,
  }),
  'one array of tiny objects': leak(['points'], {
    'a.mjs': `${counter}const points = [];\n${often('points.push({ x: (n += 1), y: n })', 2000)}`,
  }),
  'plain object as dictionary': leak(['byUser'], {
    'a.mjs': `${counter}const byUser = {};\n${often(`byUser['user-' + n] = ${session}`)}`,
  }),
  'dictionary without prototype': leak(['index'], {
    'a.cjs': `${counter}const index = Object.create(null);\n${often(`index['k' + n] = ${session}`)}`,
  }),
  'map in the field of an instance': leak(['entries', 'store'], {
    'a.mjs': `${counter}class Store { constructor() { this.entries = new Map(); } keep(v) { this.entries.set(n, v); } }\nconst store = new Store();\n${often(`store.keep(${session})`)}`,
  }),
  'private field': leak(['#entries', 'store'], {
    'a.mjs': `${counter}class Store { #entries = new Map(); keep(v) { this.#entries.set(n, v); } }\nconst store = new Store();\n${often(`store.keep(${session})`)}`,
  }),
  'private field of a module off the stack': leak(['#entries', 'store'], {
    'main.mjs': `import { keep } from './store.mjs';\n${counter}${often(`keep(${session})`)}${garbage}`,
    'store.mjs': `class Store { #entries = []; keep(v) { this.#entries.push(v); } }\nconst store = new Store();\nexport const keep = (v) => store.keep(v);\n`,
  }),
  'class static': leak(['all', 'Session'], {
    'a.mjs': `${counter}class Session { static all = []; constructor() { this.id = n += 1; this.text = 'session ' + n; Session.all.push(this); } }\n${often('new Session()')}`,
  }),
  'private static': leak(['#all', 'Session'], {
    'a.cjs': `${counter}class Session { static #all = new Set(); constructor() { this.id = n += 1; this.text = 'session ' + n; Session.#all.add(this); } }\n${often('new Session()')}`,
  }),
  'list of closures': leak(['handlers'], {
    'a.mjs': `${counter}const handlers = [];\nfunction subscribe() { const state = ${session}; handlers.push(() => state); }\n${often('subscribe()')}`,
  }),
  'list of closures, CommonJS off the stack': leak(['handlers'], {
    'main.cjs': `const { subscribe } = require('./bus.cjs');\n${often('subscribe()')}${garbage}`,
    'bus.cjs': `${counter}const handlers = [];\nexports.subscribe = () => { const state = ${session}; handlers.push(() => state); };\n`,
  }),
  'listeners of an emitter': leak(['tick', 'bus'], {
    'a.mjs': `import { EventEmitter } from 'node:events';\n${counter}const bus = new EventEmitter().setMaxListeners(0);\nfunction watch() { const state = ${session}; bus.on('tick', () => state); }\n${often('watch()', 200)}`,
  }),
  'listeners of a server in the entry file': leak(['custom', 'server', 'handle'], {
    'a.mjs': `import { createServer } from 'node:http';\n${counter}const server = createServer(() => {}).setMaxListeners(0);\nserver.listen(0);\nfunction watch() { const state = ${session}; server.on('custom', () => state); }\n${often('watch()', 200)}`,
  }),
  'timers that are never cleared': leak(['timers of 3600000 ms'], {
    'a.mjs': `${counter}function remind() { const state = ${session}; setTimeout(() => state, 3_600_000); }\n${often('remind()', 300)}`,
  }),
  'pending promises in a list': leak(['pending'], {
    'a.mjs': `${counter}const pending = [];\nasync function wait() { const state = ${session}; const promise = new Promise((resolve) => { pending.push({ resolve, state }); }); await promise; return state; }\n${often('wait()', 300)}`,
  }),
  'AsyncLocalStorage store': leak(['log', 'trace'], {
    'a.mjs': `import { AsyncLocalStorage } from 'node:async_hooks';\n${counter}const storage = new AsyncLocalStorage();\nstorage.run({ trace: [] }, () => { ${often(`storage.getStore().trace.push(${session})`)} });\n`,
  }),
  'map of sessions with a list each': leak(['sessions'], {
    'a.mjs': `${counter}const sessions = new Map();\nfunction open() { const cart = []; for (let slot = 0; slot < 64; slot += 1) cart.push({ slot, note: 'slot ' + slot }); sessions.set((n += 1), { cart }); }\n${often('open()', 10)}`,
  }),
  'nested: tenants of a map': leak(['handlers', 'tenants'], {
    'a.mjs': `${counter}const tenants = new Map();\nfor (let i = 0; i < 50; i += 1) tenants.set('tenant-' + i, { name: 'tenant ' + i, handlers: [] });\n${often(`tenants.get('tenant-' + (n % 50)).handlers.push(${session})`)}`,
  }),
  'nested: one tenant of many': leak(['handlers', 'tenants'], {
    'a.cjs': `${counter}const tenants = {};\nfor (let i = 0; i < 12; i += 1) tenants['tenant-' + i] = { name: 'tenant ' + i, handlers: [] };\n${often(`tenants['tenant-7'].handlers.push(${session})`)}`,
  }),
  'nested: depth of four': leak(['rows', 'app'], {
    'a.mjs': `${counter}const app = { state: { cache: { rows: [] } } };\n${often(`app.state.cache.rows.push(${session})`)}`,
  }),
  'map in a module off the stack, ES module': leak(['entries'], {
    'main.mjs': `import { keep } from './store.mjs';\n${counter}${often(`keep(n, ${session})`)}${garbage}`,
    'store.mjs': `const entries = new Map();\nexport function keep(key, value) { entries.set(key, value); }\n`,
  }),
  'map in a module off the stack, CommonJS': leak(['entries'], {
    'main.cjs': `const { keep } = require('./store.cjs');\n${counter}${often(`keep(n, ${session})`)}${garbage}`,
    'store.cjs': `const entries = new Map();\nexports.keep = (key, value) => { entries.set(key, value); };\n`,
  }),
  'innocent last allocator': leak(['audit'], {
    'a.mjs': `${counter}const audit = [];\n${often(`audit.push(${session})`)}${garbage}`,
  }),
  'large legitimate cache beside a small fast leak': leak(['leaked'], {
    'a.mjs': `${counter}const cache = new Map();\nfor (let i = 0; i < 220_000; i += 1) cache.set(i, { i, text: 'cached ' + i });\nconst leaked = [];\nsetTimeout(() => { ${often(`leaked.push(${session})`)} }, 2500);\nexport const read = (k) => cache.get(k);\n`,
  }),
  'legitimate cache in another module, leak in a listener': leak(
    ['change', 'bus'],
    {
      'main.mjs': `import { EventEmitter } from 'node:events';\nimport { read } from './cache.mjs';\n${counter}const bus = new EventEmitter().setMaxListeners(0);\nfunction watch() { const state = ${session}; bus.on('change', () => [read(1), state]); }\nsetTimeout(() => { ${often('watch()', 200)} }, 2500);\n`,
      'cache.mjs': `const cache = new Map();\nfor (let i = 0; i < 200_000; i += 1) cache.set(i, { i, text: 'cached ' + i });\nexport const read = (k) => cache.get(k);\n`,
    },
    'main.mjs',
  ),
  'linked list': leak(['head', 'queue'], {
    'a.mjs': `${counter}const queue = { head: undefined };\n${often(`queue.head = { value: ${session}, next: queue.head }`)}`,
  }),
  'HTTP service, per request': leak(['sessions'], {
    'main.mjs': `import { createServer, request, Agent } from 'node:http';\nimport { open } from './sessions.mjs';\nconst agent = new Agent({ keepAlive: true, maxSockets: 8 });\nconst server = createServer((req, res) => { for (let i = 0; i < 400; i += 1) open(req.url); res.end('ok'); });\nserver.listen(0, () => { const go = () => request({ port: server.address().port, path: '/a', agent }, (res) => { res.resume(); res.on('end', go); }).end(); for (let i = 0; i < 8; i += 1) go(); });\n`,
    'sessions.mjs': `${counter}const sessions = new Map();\nexport function open(url) { sessions.set(n, { id: (n += 1), url, at: Date.now() }); }\n`,
  }),
  'global variable': leak(['registry'], {
    'a.cjs': `${counter}globalThis.registry = [];\n${often(`globalThis.registry.push(${session})`)}`,
  }),
  'synchronous loop': leak(['rows'], {
    'a.mjs': `${counter}const rows = [];\nsetTimeout(() => { for (;;) rows.push(${session}); }, 1500);\nfor (let i = 0; i < 150_000; i += 1) rows.push(${session});\n`,
  }),
  'local variable of a running function': leak(['rows'], {
    'a.cjs': `${counter}async function collect() { const rows = []; for (;;) { for (let i = 0; i < 500; i += 1) rows.push(${session}); await new Promise((r) => setTimeout(r, 4)); } }\nconst running = collect();\nexports.running = running;\n`,
  }),
};

/** Programs that were written after the autopsy, to see what it had not been made for. */
export const heldOut = {
  'closure of a factory': leak(['rows'], {
    'main.mjs': `import { createStore } from './store.mjs';\n${counter}const store = createStore();\n${often(`store.add(${session})`)}`,
    'store.mjs': `export function createStore() {\n  const rows = [];\n  return { add(row) { rows.push(row); }, get size() { return rows.length; } };\n}\n`,
  }),
  'two stores of one factory, one leaks': leak(['rows'], {
    'main.cjs': `const { createStore } = require('./store.cjs');\n${counter}const small = createStore();\nconst large = createStore();\nfor (let i = 0; i < 20_000; i += 1) small.add({ i });\n${often(`large.add(${session})`)}exports.stores = [small, large];\n`,
    'store.cjs': `exports.createStore = () => {\n  const rows = new Map();\n  return { add: (row) => rows.set(rows.size, row) };\n};\n`,
  }),
  'behind a proxy': leak(['rows', 'state'], {
    'a.mjs': `${counter}const state = new Proxy({ rows: [] }, { get: (target, key) => target[key] });\n${often(`state.rows.push(${session})`)}`,
  }),
  'listeners of an AbortSignal': leak(['kEvents', 'signal', 'controller'], {
    'a.mjs': `${counter}import { setMaxListeners } from 'node:events';\nconst controller = new AbortController();\nconst { signal } = controller;\nsetMaxListeners(0, signal);\nfunction watch() { const state = Array.from({ length: 300 }, () => (${session})); signal.addEventListener('abort', () => state); }\n${often('watch()', 1)}`,
  }),
  'stream that nobody reads': leak(['buffer', 'stream', '_readableState'], {
    'a.mjs': `import { Readable } from 'node:stream';\n${counter}const stream = new Readable({ objectMode: true, read() {} });\n${often(`stream.push(${session})`)}`,
  }),
  'property under a symbol': leak(['items', 'kItems', 'store'], {
    'a.mjs': `${counter}const kItems = Symbol('items');\nclass Store { constructor() { this[kItems] = new Set(); } add(v) { this[kItems].add(v); } }\nconst store = new Store();\n${often(`store.add(${session})`)}`,
  }),
  'array of arrays': leak(['grid'], {
    'a.cjs': `${counter}const grid = Array.from({ length: 200 }, () => []);\n${often(`grid[n % 200].push(${session})`)}`,
  }),
  'cache on a function': leak(['cache', 'load'], {
    'main.mjs': `import { load } from './load.mjs';\n${counter}${often('load((n += 1))')}${garbage}`,
    'load.mjs': `export function load(id) { const hit = load.cache.get(id); if (hit) return hit; const row = { id, text: 'row ' + id }; load.cache.set(id, row); return row; }\nload.cache = new Map();\n`,
  }),
  'memoized by a wrapper': leak(['memo'], {
    'main.cjs': `const { memoize } = require('./memoize.cjs');\n${counter}const load = memoize((id) => ({ id, user: 'user ' + id }));\n${often('load((n += 1))')}`,
    'memoize.cjs': `exports.memoize = (fn) => { const memo = new Map(); return (key) => { if (!memo.has(key)) memo.set(key, fn(key)); return memo.get(key); }; };\n`,
  }),
  'property of a prototype': leak(['pool', 'Session'], {
    'a.mjs': `${counter}class Session {}\nSession.prototype.pool = [];\nconst one = new Session();\n${often(`one.pool.push(${session})`)}`,
  }),
  'subscribers of a diagnostics channel': leak(['_subscribers', 'requests'], {
    'a.mjs': `import { channel } from 'node:diagnostics_channel';\n${counter}const requests = channel('requests');\nfunction watch() { const state = Array.from({ length: 300 }, () => (${session})); requests.subscribe(() => state); }\n${often('watch()', 1)}`,
  }),
  'log that grows as text': leak(['lines'], {
    'a.mjs': `${counter}const lines = [];\n${often("lines.push('line ' + (n += 1) + ' ' + 'x'.repeat(n % 40))")}`,
  }),
  'queue between two modules': leak(
    ['jobs', 'queue'],
    {
      'main.mjs': `import { enqueue } from './producer.mjs';\n${counter}${often(`enqueue(${session})`)}`,
      'producer.mjs': `import { queue } from './queue.mjs';\nexport const enqueue = (job) => queue.jobs.push(job);\n`,
      'queue.mjs': `export const queue = { jobs: [] };\n`,
    },
    'queue.mjs',
  ),
  'sockets of a server that are kept': leak(['requests'], {
    'a.mjs': `import { createServer, request, Agent } from 'node:http';\n${counter}const requests = [];\nconst agent = new Agent({ keepAlive: true, maxSockets: 8 });\nconst server = createServer((req, res) => { requests.push({ req, note: 'request ' + (n += 1), rows: Array.from({ length: 60 }, (_, i) => ({ i, n })) }); res.end('ok'); });\nserver.listen(0, () => { const go = () => request({ port: server.address().port, agent }, (res) => { res.resume(); res.on('end', go); }).end(); for (let i = 0; i < 8; i += 1) go(); });\n`,
  }),
};

/** A program whose heap is full and stays so: nothing may be said to leak, and it must live to its end, 6 s. */
const healthy = (files) => ({ names: [], files, file: Object.keys(files)[0] });
const end = 'setTimeout(() => process.exit(0), 6000);\n';
const fill = (count) => `for (let i = 0; i < ${count}; i += 1) cache.set(i, { i, text: 'cached ' + i });\n`;

export const living = {
  'full cache, nothing else': healthy({
    'a.mjs': `const cache = new Map();\n${fill(400_000)}${end}export const read = (k) => cache.get(k);\n`,
  }),
  'full cache and garbage': healthy({
    'a.mjs': `const cache = new Map();\n${fill(400_000)}${garbage}${end}export const read = (k) => cache.get(k);\n`,
  }),
  'bounded cache that turns over': healthy({
    'a.mjs': `${counter}const cache = new Map();\n${often(`cache.set(n, ${session}); if (cache.size > 150_000) cache.delete(cache.keys().next().value)`)}${end}`,
  }),
  'bounded list, CommonJS': healthy({
    'a.cjs': `${counter}let recent = [];\n${often(`recent.push(${session}); if (recent.length > 200_000) recent = recent.slice(100_000)`)}${end}`,
  }),
  sawtooth: healthy({
    'a.mjs': `${counter}let batch = [];\n${often(`batch.push(${session}); if (batch.length > 100_000) batch = []`)}${end}`,
  }),
  'warm-up, then flat': healthy({
    'a.mjs': `${counter}const cache = new Map();\n${often(`if (n < 300_000) cache.set(n, ${session})`)}${end}`,
  }),
  'large strings': healthy({
    'a.mjs': `const texts = Array.from({ length: 40 }, (_, i) => Buffer.alloc(1e6, 97 + (i % 26)).toString('latin1'));\n${garbage}${end}export const read = (i) => texts[i];\n`,
  }),
  'many closures, constant': healthy({
    'a.mjs': `const handlers = Array.from({ length: 200_000 }, (_, i) => () => i);\n${garbage}${end}export const call = (i) => handlers[i]();\n`,
  }),
  'HTTP service with sessions that expire': healthy({
    'a.mjs': `import { createServer, request, Agent } from 'node:http';\n${counter}const sessions = new Map();\nconst agent = new Agent({ keepAlive: true, maxSockets: 8 });\nconst server = createServer((req, res) => { for (let i = 0; i < 50; i += 1) { sessions.set(n, ${session}); if (sessions.size > 100_000) sessions.delete(sessions.keys().next().value); } res.end('ok'); });\nserver.listen(0, () => { const go = () => request({ port: server.address().port, agent }, (res) => { res.resume(); res.on('end', go); }).end(); for (let i = 0; i < 8; i += 1) go(); });\n${end}`,
  }),
  'timers that fire': healthy({
    'a.mjs': `${counter}let done = 0;\n${often(`const state = ${session}; setTimeout(() => { done += state.id ? 1 : 0; }, 300)`, 100)}${end}`,
  }),
};
