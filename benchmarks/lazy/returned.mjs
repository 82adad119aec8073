import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { getHeapStatistics } from 'node:v8';
import { round, spread } from '../measure/rounds.mjs';

const heavy = pathToFileURL(createRequire(import.meta.url).resolve('typescript')).href;
const options = { maxHeapBytes: 256 * 2 ** 20 };

/** Anonymous memory of this process and its children: what the container is charged. */
function chargedMib() {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  let kib = 0;
  for (const pid of pids) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      const own = pid === String(process.pid) || /^PPid:\s+(\d+)$/m.exec(status)?.[1] === String(process.pid);
      if (own) kib += Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
    } catch {
      // The process has ended meanwhile.
    }
  }
  return kib / 1_024;
}

async function settle() {
  globalThis.gc();
  await sleep(200);
  globalThis.gc();
  return { chargedMib: chargedMib(), heapMib: getHeapStatistics().used_heap_size / 2 ** 20 };
}

const routes = {
  'import() in the process': async () => {
    await import(heavy);
    return async () => {};
  },
  'lazyCommonJs, unloaded': async () => {
    const { lazyCommonJs } = await import('@plimsoll/lazy');
    const typescript = lazyCommonJs('typescript', { from: import.meta.url });
    const text = await typescript.use((module) => module.transpile('const a: number = 1', {}));
    if (!text.includes('1')) throw new Error('not transpiled');
    return async () => typescript.unload();
  },
  'lazyWorker, ended': async () => remote('lazyWorker'),
  'lazyProcess, ended': async () => remote('lazyProcess'),
};

async function remote(kind) {
  const own = await import('@plimsoll/lazy');
  const module = own[kind](heavy, options);
  const text = await module.call('transpile', ['const a: number = 1', {}]);
  if (!text.includes('1')) throw new Error('not transpiled');
  return () => module[Symbol.asyncDispose]();
}

if (process.argv[2] === 'cell') {
  await import('@plimsoll/lazy');
  const before = await settle();
  const end = await routes[process.argv[3]]();
  const loaded = await settle();
  await end();
  const after = await settle();
  process.stdout.write(
    JSON.stringify({
      loaded: loaded.chargedMib - before.chargedMib,
      kept: after.chargedMib - before.chargedMib,
      heapLoaded: loaded.heapMib - before.heapMib,
      heapKept: after.heapMib - before.heapMib,
    }),
  );
}

export async function measureReturned() {
  const rows = [];
  for (const name of Object.keys(routes)) {
    const cells = [1, 2, 3].map(() =>
      JSON.parse(
        execFileSync(process.execPath, ['--expose-gc', fileURLToPath(import.meta.url), 'cell', name], {
          encoding: 'utf8',
        }),
      ),
    );
    const median = (key) => spread(cells.map((cell) => cell[key])).median;
    const [loaded, kept] = [median('loaded'), median('kept')];
    rows.push({
      route: name,
      'charged while loaded MiB': round(loaded, 1),
      'kept afterwards MiB': round(kept, 1),
      'returned %': round((1 - kept / loaded) * 100, 0),
      'heap of this process while loaded MiB': round(median('heapLoaded'), 1),
      'kept MiB': round(median('heapKept'), 1),
    });
  }
  return {
    title: 'TypeScript loaded, used once and given back: anonymous memory of the process and its children',
    rows,
  };
}
