// What does plimsoll/auto cost a service at its start, in CPU and in resident memory, as published and from the source tree?
// pnpm bench startup [--rounds 21] [--only 24] [--json]
// An HTTP service starts, serves one request and tells its own CPU time and anonymous memory one second later (three ticks on). Processes alternate; "bare again" is
// the A/A control: what it shows is noise. Differences of medians; the spread is the middle half.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundlePreload } from '../scripts/bundle-preload.mjs';
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
setTimeout(() => {
  const { user, system } = process.cpuUsage();
  const anonymousKiB = Number(/RssAnon:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  process.stdout.write(JSON.stringify({ cpuMs: (user + system) / 1000, startMs: loopMs, residentMib: anonymousKiB / 1024 }));
  server.close();
}, 1000);
`;

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-startup-'));
try {
  const dist = join(folder, 'node_modules', 'plimsoll', 'dist');
  mkdirSync(dist, { recursive: true });
  writeFileSync(join(dist, '..', 'package.json'), '{"name":"plimsoll","type":"module"}');
  await bundlePreload(dist);
  writeFileSync(join(folder, 'service.mjs'), service);
  const source = join(import.meta.dirname, '..', 'packages', 'plimsoll', 'dist', 'auto.js');
  const preload = (path) => [`--import=${pathToFileURL(path).href}`];
  const ways = {
    bare: [],
    'bare again': [],
    'as published': preload(join(dist, 'auto.bundle.js')),
    'source tree': preload(source),
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
    for (const [way, args] of Object.entries(ways)) {
      const { stdout, stderr } = spawnSync(node, [...args, join(folder, 'service.mjs')], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, PLIMSOLL_INCIDENT_DIR: join(folder, 'incidents') },
      });
      if (args.length > 0 && !stderr.includes('"armed"')) throw new Error(`not armed: ${stderr}`);
      found[way].push(JSON.parse(stdout));
    }
  }
  const bare = Object.fromEntries(
    ['cpuMs', 'startMs', 'residentMib'].map((name) => [name, quartiles(found.bare, name)[1]]),
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
  for (const { way, cpuMs, startMs, residentMib } of rows) {
    process.stdout.write(
      `  ${way.padEnd(13)} CPU ms ${show(cpuMs).padEnd(24)} ms to the service's first line ${show(startMs).padEnd(24)} resident MiB ${show(residentMib)}\n`,
    );
  }
}
