// What do the threads of the guard cost: the sentinel in resident memory, start-up and idle CPU, and its part in each worker of the service?
// pnpm bench isolates [--rounds 7] [--only 24] [--json]
// An idle HTTP service under the guard, processes alternated: without a sentinel, the same again (the A/A control), with one; and with four idle workers, unguarded and guarded.
// Resident memory is what belongs to no file. Medians; the spread is the middle half. Idle CPU is measured over 5 s, after the start has settled.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleAll } from '../scripts/bundle.mjs';
import { nodeFor } from '../scripts/nodes.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const majors = values.only === '' ? ['20', '22', '24', '26'] : values.only.split(',');
const workerCount = 4;

const service = `
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Worker } from 'node:worker_threads';
const server = createServer((request, response) => response.end('ok')).listen(0, '127.0.0.1');
const cpuMs = (since) => { const { user, system } = process.cpuUsage(since); return (user + system) / 1000; };
const form = process.argv[2];
const execArgv = form === 'guarded' ? process.execArgv : [];
const workers = form === 'none' ? [] : Array.from({ length: ${workerCount} }, () => new Worker(new URL('worker.mjs', import.meta.url), { execArgv }));
setTimeout(() => {
  const startCpuMs = cpuMs();
  const began = process.cpuUsage();
  setTimeout(() => {
    const anonymousKiB = Number(/RssAnon:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
    process.stdout.write(JSON.stringify({ startCpuMs, idleCpuRatio: cpuMs(began) / 5000, residentMib: anonymousKiB / 1024 }));
    process.exit(0);
  }, 5000);
}, 2500);
`;
const ways = {
  'no sentinel': { form: 'none', sentinel: 'never' },
  'no sentinel again': { form: 'none', sentinel: 'never' },
  sentinel: { form: 'none', sentinel: 'always' },
  [`${workerCount} workers, unguarded`]: { form: 'unguarded', sentinel: 'never' },
  [`${workerCount} workers, guarded`]: { form: 'guarded', sentinel: 'never' },
};
const columns = ['startCpuMs', 'idleCpuRatio', 'residentMib'];

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-isolates-'));
try {
  const { plimsoll } = await bundleAll(folder);
  writeFileSync(join(folder, 'service.mjs'), service);
  writeFileSync(join(folder, 'worker.mjs'), 'setInterval(() => undefined, 60_000);');
  const preload = `--import=${pathToFileURL(join(plimsoll, 'dist', 'auto.js')).href}`;
  const results = majors.map((major) => ({ major, rows: measure(nodeFor(major), preload) }));
  for (const { major, rows } of results) print(major, rows);
  if (values.json) {
    const path = join(import.meta.dirname, 'results', 'isolates.json');
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function measure(node, preload) {
  const found = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [way, { form, sentinel }] of Object.entries(ways)) {
      const { stdout, stderr } = spawnSync(node, [preload, join(folder, 'service.mjs'), form], {
        encoding: 'utf8',
        env: {
          PATH: process.env.PATH,
          PLIMSOLL_INCIDENT_DIR: join(folder, 'incidents'),
          PLIMSOLL_SENTINEL: sentinel,
        },
      });
      if (!stderr.includes('"armed"')) throw new Error(`not armed: ${stderr}`);
      found[way].push(JSON.parse(stdout));
    }
  }
  const rows = Object.entries(found).map(([way, list]) => ({
    way,
    ...Object.fromEntries(columns.map((name) => [name, quartiles(list.map((entry) => entry[name]))])),
  }));
  const base = new Map(rows.map((row) => [row.way, row]));
  return rows.map((row) => {
    const beside = base.get(
      row.way.endsWith(', guarded') ? `${workerCount} workers, unguarded` : 'no sentinel',
    );
    const each = row.way.endsWith(', guarded') ? workerCount : 1;
    return {
      ...row,
      added: Object.fromEntries(columns.map((name) => [name, (row[name][1] - beside[name][1]) / each])),
    };
  });
}

function quartiles(list) {
  const sorted = [...list].sort((a, b) => a - b);
  return [0.25, 0.5, 0.75].map((share) => sorted[Math.round((sorted.length - 1) * share)]);
}

function print(major, rows) {
  console.log(
    `\nNode.js ${major}, ${values.rounds} rounds; the last three columns are added, for a worker or the sentinel`,
  );
  const head = ['', 'resident MiB', '(middle half)', 'start CPU ms', 'idle CPU %', '+ MiB', '+ ms', '+ %'];
  const body = rows.map(({ way, residentMib, startCpuMs, idleCpuRatio, added }) => [
    way,
    residentMib[1].toFixed(1),
    `${residentMib[0].toFixed(1)}-${residentMib[2].toFixed(1)}`,
    startCpuMs[1].toFixed(0),
    (idleCpuRatio[1] * 100).toFixed(2),
    added.residentMib.toFixed(1),
    added.startCpuMs.toFixed(0),
    (added.idleCpuRatio * 100).toFixed(2),
  ]);
  for (const line of [head, ...body])
    console.log(line.map((cell, i) => (i === 0 ? cell.padEnd(24) : cell.padStart(14))).join(''));
}
