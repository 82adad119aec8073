// What does plimsoll/auto cost a service at its start, in CPU and in resident memory: as published, by --import plimsoll/auto and by --require as `plimsoll run` does it, and from the source tree?
// pnpm bench startup [--rounds 21] [--only 24] [--json]
// An HTTP service in 1 GiB starts, serves one request and tells its own CPU time at its first line, and CPU time and anonymous memory one second later: by then the first
// census has been taken. Without the sentinel, and with it. Processes alternate; "bare again" is
// the A/A control: what it shows is noise. Differences of medians; the spread is the middle half.
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
    rounds: { type: 'string', default: '21' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const majors = values.only === '' ? ['20', '24'] : values.only.split(',');

const service = `
import { readFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
const server = createServer((request, response) => response.end('ok')).listen(0, '127.0.0.1', () => {
  get({ host: '127.0.0.1', port: server.address().port, agent: false }, (response) => response.resume());
});
const loopMs = performance.now();
const atFirst = process.cpuUsage();
setTimeout(() => {
  const { user, system } = process.cpuUsage();
  const anonymousKiB = Number(/RssAnon:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  process.stdout.write(JSON.stringify({ startCpuMs: (atFirst.user + atFirst.system) / 1000, cpuMs: (user + system) / 1000, startMs: loopMs, residentMib: anonymousKiB / 1024 }));
  server.close();
}, 1000);
`;

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-startup-'));
try {
  const { plimsoll } = await bundleAll(folder);
  const dist = join(plimsoll, 'dist');
  writeFileSync(join(folder, 'service.mjs'), service);
  const source = join(import.meta.dirname, '..', 'packages', 'plimsoll', 'dist', 'auto.js');
  const preload = (path) => [`--import=${pathToFileURL(path).href}`];
  const ways = {
    bare: { args: [] },
    'bare again': { args: [] },
    '--import': { args: preload(join(dist, 'auto.js')) },
    '--require': { args: [`--require=${join(dist, 'preload.cjs')}`] },
    'with sentinel': { args: [`--require=${join(dist, 'preload.cjs')}`], sentinel: 'always' },
    'source tree': { args: preload(source) },
  };
  const results = majors.map((major) => ({ major, rows: measure(nodeFor(major), ways) }));
  for (const { major, rows } of results) print(major, rows);
  if (values.json) {
    const path = join(import.meta.dirname, 'results', 'startup.json');
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function measure(node, ways) {
  const found = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [way, { args, sentinel = 'never' }] of Object.entries(ways)) {
      const { stdout, stderr } = spawnSync(node, [...args, join(folder, 'service.mjs')], {
        encoding: 'utf8',
        env: {
          PATH: process.env.PATH,
          PLIMSOLL_INCIDENT_DIR: join(folder, 'incidents'),
          PLIMSOLL_LIMIT: '1GiB',
          PLIMSOLL_SENTINEL: sentinel,
        },
      });
      if (args.length > 0 && !stderr.includes('"armed"')) throw new Error(`not armed: ${stderr}`);
      found[way].push(JSON.parse(stdout));
    }
  }
  const bare = Object.fromEntries(
    ['startCpuMs', 'cpuMs', 'startMs', 'residentMib'].map((name) => [name, quartiles(found.bare, name)[1]]),
  );
  return Object.entries(found).map(([way, list]) => ({
    way,
    ...Object.fromEntries(
      Object.keys(bare).map((name) => [name, quartiles(list, name).map((value) => value - bare[name])]),
    ),
  }));
}

/** Lower quartile, median, upper quartile. */
function quartiles(list, name) {
  const sorted = list.map((one) => one[name]).sort((a, b) => a - b);
  return [0.25, 0.5, 0.75].map((share) => sorted[Math.floor(share * (sorted.length - 1))]);
}

function print(major, rows) {
  const show = ([low, middle, high]) =>
    `${middle.toFixed(1).padStart(6)} (${low.toFixed(1)} to ${high.toFixed(1)})`;
  process.stdout.write(`Node ${major}, above bare: median (middle half), ${values.rounds} rounds\n`);
  for (const { way, startCpuMs, cpuMs, startMs, residentMib } of rows) {
    process.stdout.write(
      `  ${way.padEnd(13)} CPU ms to the first line ${show(startCpuMs).padEnd(22)} and 1 s on ${show(cpuMs).padEnd(22)} ms to the first line ${show(startMs).padEnd(24)} resident MiB ${show(residentMib)}\n`,
    );
  }
}
