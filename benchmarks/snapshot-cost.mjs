// Is the predicted cost of a heap snapshot right, and its upper bound a bound, over shapes of heap that cost from 0.2 to 45 times the heap?
// usage: pnpm bench snapshot-cost [--mib 20,40] [--only sessions,json] [--json]; more Nodes by NODE_20, NODE_22, NODE_24, NODE_26=/path/to/node
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  mallocTrim,
  predictSnapshotCost,
  readAllocationProfile,
  readHeapShape,
  startAllocationSampling,
  verifyHeapSnapshot,
  writeHeapSnapshot,
} from '@plimsoll/inspect';

/** Each call adds some more of its shape to `kept`; `n` counts the calls. */
const shapes = {
  'big strings': (kept, n) => kept.push(Buffer.alloc(100e3, 97 + (n % 26)).toString('latin1') + n),
  doubles: (kept, n) => kept.push(Array.from({ length: 1000 }, (_, i) => i + n + 0.5)),
  chunks: (kept) => kept.push(Array.from({ length: 1000 }, (_, i) => ({ a: i, b: i }))),
  'linked list': (kept) => {
    for (let i = 0; i < 1000; i += 1) kept[0] = { next: kept[0], v: i };
  },
  sessions: (kept, n) => {
    kept[0] ??= new Map();
    for (let i = 0; i < 100; i += 1) {
      const id = `s${n * 100 + i}`;
      const user = { name: `user ${id}`, roles: ['a', 'b'], prefs: { x: 1, y: i + 0.5 } };
      const cart = [
        { sku: `k${i}`, q: 1 },
        { sku: `j${i}`, q: 2 },
      ];
      kept[0].set(id, { id, user, cart, payload: Buffer.alloc(400, id).toString('latin1'), at: n + 0.5 });
    }
  },
  'small strings': (kept, n) => {
    for (let i = 0; i < 1000; i += 1) kept.push({ s: `user-${n}-${i}` });
  },
  strings: (kept, n) => {
    for (let i = 0; i < 1000; i += 1) kept.push(`u${n * 1000 + i}`);
  },
  'tiny in maps': (kept) => kept.push(new Map(Array.from({ length: 100_000 }, (_, i) => [i, { i }]))),
  closures: (kept) => {
    for (let i = 0; i < 1000; i += 1) {
      const captured = { i };
      kept.push(() => captured);
    }
  },
  'one array': (kept) => {
    for (let i = 0; i < 1000; i += 1) kept.push({ a: i, b: i });
  },
  numbers: (kept) => kept.push(Array.from({ length: 1000 }, (_, i) => ({ v: i + 0.25, w: i + 0.75 }))),
  dictionary: (kept, n) => {
    kept[0] ??= {};
    for (let i = 0; i < 1000; i += 1) kept[0][`key${n * 1000 + i}`] = { i };
  },
  promises: (kept) => {
    for (let i = 0; i < 1000; i += 1) kept.push(new Promise(() => {}));
  },
  buffers: (kept) => kept.push(Buffer.alloc(65_536)),
  'small buffers': (kept) => {
    for (let i = 0; i < 100; i += 1) kept.push(Buffer.alloc(5000));
  },
  'parsed json': (kept, n) => {
    const record = (_, i) => ({
      id: i,
      name: `n${n}${i}`,
      tags: [`a${i}`, `b${n}`],
      nested: { a: { b: { c: i + 0.5 } } },
    });
    kept.push(JSON.parse(JSON.stringify(Array.from({ length: 200 }, record))));
  },
};

const statusBytes = (field) =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;

/** In a process of its own: fill, predict twice (without and with a profile), capture, predict again. */
async function measure(shape, heapMib) {
  startAllocationSampling();
  mallocTrim();
  const kept = [];
  const usedBytes = () => process.memoryUsage().heapUsed + process.memoryUsage().external;
  for (let n = 0; ; n += 1) {
    shapes[shape](kept, n);
    if (usedBytes() < heapMib * 2 ** 20) continue;
    globalThis.gc();
    if (usedBytes() > heapMib * 2 ** 20 * 0.97) break;
  }
  globalThis.gc();
  const heap = readHeapShape();
  const quick = predictSnapshotCost(heap);
  const informed = predictSnapshotCost(readHeapShape(readAllocationProfile()));
  writeFileSync('/proc/self/clear_refs', '5');
  const before = statusBytes('VmRSS');
  const cpuBefore = process.cpuUsage();
  const path = join(tmpdir(), `plimsoll-bench-${process.pid}.heapsnapshot`);
  const result = writeHeapSnapshot(path);
  const { user, system } = process.cpuUsage(cpuBefore);
  const peakBytes = statusBytes('VmHWM') - before;
  const again = predictSnapshotCost(readHeapShape());
  const check = await verifyHeapSnapshot(path);
  rmSync(path);
  return {
    node: process.versions.node,
    shape,
    kept: kept.length,
    valid: check.valid,
    heapUsedBytes: heap.heapUsedBytes,
    nodeCount: result.nodeCount,
    edgeCount: result.edgeCount,
    peakBytes,
    expectedBytes: informed.peakBytes,
    quickUpperBytes: quick.peakUpperBytes,
    upperBytes: informed.peakUpperBytes,
    learnedBytes: again.peakUpperBytes,
    residueBytes: result.residentAfterBytes - before,
    residueUpperBytes: result.trimmed ? informed.trimmedResidueBytes : informed.residueBytes,
    trimmed: result.trimmed,
    pauseMs: result.pauseMs,
    cpuMs: (user + system) / 1000,
    expectedPauseMs: informed.pauseMs,
    upperPauseMs: informed.pauseUpperMs,
    fileBytes: result.fileBytes,
    upperFileBytes: informed.fileBytes,
  };
}

const { values } = parseArgs({
  options: {
    child: { type: 'string' },
    mib: { type: 'string', default: '20,40' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const mib = (bytes) => Math.round(bytes / 2 ** 20);

if (values.child !== undefined) {
  process.stdout.write(`${JSON.stringify(await measure(values.child, Number(values.mib)))}\n`);
} else {
  const nodes = [process.execPath, ...['20', '22', '24', '26'].map((major) => process.env[`NODE_${major}`])];
  const wanted = values.only?.split(',') ?? Object.keys(shapes);
  const rows = [];
  process.stdout.write(
    'node     shape           heap MiB | peak MiB: real expected bound(without profile) after one capture | residue real bound | CPU ms real expected bound | file MiB real bound\n',
  );
  for (const node of nodes.filter(Boolean)) {
    for (const shape of wanted) {
      for (const heapMib of values.mib.split(',')) {
        const words = [
          '--expose-gc',
          '--max-old-space-size=2000',
          process.argv[1],
          '--child',
          shape,
          '--mib',
          heapMib,
        ];
        const row = JSON.parse(execFileSync(node, words, { encoding: 'utf8' }));
        rows.push(row);
        const over = [
          row.valid ? '' : 'INVALID',
          row.peakBytes > row.upperBytes ? 'PEAK ABOVE BOUND' : '',
          row.peakBytes > row.learnedBytes ? 'PEAK ABOVE LEARNED BOUND' : '',
          row.residueBytes > row.residueUpperBytes ? 'RESIDUE ABOVE BOUND' : '',
          row.cpuMs > row.upperPauseMs ? 'PAUSE ABOVE BOUND' : '',
          row.fileBytes > row.upperFileBytes ? 'FILE ABOVE BOUND' : '',
        ].filter(Boolean);
        row.faults = over;
        process.stdout.write(
          `${row.node.padEnd(8)} ${shape.padEnd(15)} ${String(mib(row.heapUsedBytes)).padStart(8)} | ${mib(row.peakBytes)} ${mib(row.expectedBytes)} ${mib(row.upperBytes)} (${mib(row.quickUpperBytes)}) ${mib(row.learnedBytes)} | ${mib(row.residueBytes)} ${mib(row.residueUpperBytes)}${row.trimmed ? '' : ' untrimmed'} | ${Math.round(row.cpuMs)} ${row.expectedPauseMs} ${row.upperPauseMs} | ${mib(row.fileBytes)} ${mib(row.upperFileBytes)} ${over.join(', ')}\n`,
        );
      }
    }
  }
  const ratios = rows.map((row) => row.expectedBytes / row.peakBytes).sort((a, b) => a - b);
  const at = (share) => ratios[Math.floor(share * (ratios.length - 1))].toFixed(2);
  const faultCount = rows.filter((row) => row.faults.length > 0).length;
  process.stdout.write(
    `${rows.length} captures; expected : real peak, min ${at(0)} median ${at(0.5)} max ${at(1)}; ${faultCount} above a bound or invalid\n`,
  );
  if (values.json) {
    mkdirSync(join(import.meta.dirname, 'results'), { recursive: true });
    writeFileSync(
      join(import.meta.dirname, 'results', 'snapshot-cost.json'),
      `${JSON.stringify(rows, null, 1)}\n`,
    );
  }
  process.exitCode = rows.length > 0 && faultCount === 0 ? 0 : 1;
}
