// What does the guard cost a service of 24 awaits a request, in CPU µs per request, start-up and memory?
// usage: pnpm bench guard-cost [--rounds 25] [--requests 1500] [--armed] [--json]; another Node: NODE=/path/to/node
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '25' },
    requests: { type: 'string', default: '1500' },
    armed: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const node = process.env.NODE ?? process.execPath;
const here = import.meta.dirname;
const preload = (file) => ['--import', pathToFileURL(file).href];
const auto = join(here, '..', 'packages', 'plimsoll', 'dist', 'auto.js');

/** `bare` is measured twice: the second is the control that says what this machine can resolve today. */
const contenders = [
  { name: 'bare', execArgv: [] },
  { name: 'bare again (A/A)', execArgv: [] },
  { name: 'inspector and sampling', execArgv: preload(join(here, 'guard-cost', 'preload-sampling.mjs')) },
  ...(existsSync(auto)
    ? [
        { name: 'plimsoll/auto', execArgv: preload(auto) },
        {
          name: 'without requests',
          execArgv: preload(auto),
          env: { ...process.env, PLIMSOLL_REQUESTS: 'off' },
        },
      ]
    : []),
  ...(values.armed
    ? [{ name: 'armed (debugger held)', execArgv: preload(join(here, 'guard-cost', 'preload-debugger.mjs')) }]
    : []),
];

const body = JSON.stringify({
  id: 7,
  items: Array.from({ length: 12 }, (_, i) => ({ sku: `sku-${i}`, price: i + 0.5, quantity: i })),
});

async function start({ name, execArgv, env }) {
  const child = fork(join(here, 'guard-cost', 'service.mjs'), {
    execPath: node,
    execArgv,
    env,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const [ready] = await once(child, 'message');
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  return { name, child, agent, ...ready, micros: [] };
}

const ask = async (service) => {
  service.child.send('cpu');
  return (await once(service.child, 'message'))[0];
};

function post(service) {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: service.port, method: 'POST', agent: service.agent };
    request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('end', () => resolve(JSON.parse(text)));
    })
      .on('error', reject)
      .end(body);
  });
}

/** One burst: CPU µs per request of the service's process, all its threads. */
async function burst(service, requestCount) {
  const before = await ask(service);
  let sent = 0;
  const client = async () => {
    while (sent < requestCount) {
      sent += 1;
      const { id, count } = await post(service);
      if (id !== 7 || count !== 24) throw new Error(`${service.name} answered wrongly`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, client));
  const after = await ask(service);
  const micros = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system;
  service.anonymousBytes = after.anonymousBytes;
  return micros / requestCount;
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor((list.length - 1) / 2)];
const lowerQuartile = (list) => quartiles(list)[0];
const quartiles = (list) => {
  const sorted = [...list].sort((a, b) => a - b);
  return [sorted[Math.floor(sorted.length / 4)], sorted[Math.floor((sorted.length * 3) / 4)]];
};

/** Start-up: what an empty program takes, and what it holds when it is done, in `rounds` interleaved runs. */
function startUp(rounds) {
  const program = `const fs = require('fs'); fs.writeSync(1, JSON.stringify([performance.now(), +/RssAnon:\\s+(\\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]]))`;
  const runs = new Map(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, execArgv, env } of contenders) {
      const text = execFileSync(node, [...execArgv, '-e', program], {
        encoding: 'utf8',
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      runs.get(name).push(JSON.parse(text));
    }
  }
  return new Map(
    Array.from(runs, ([name, list]) => [
      name,
      { ms: median(list.map(([ms]) => ms)), kib: median(list.map(([, kib]) => kib)) },
    ]),
  );
}

const services = [];
for (const contender of contenders) services.push(await start(contender));
for (const service of services) await burst(service, Number(values.requests) * 3);
for (let round = 0; round < Number(values.rounds); round += 1) {
  const order = round % 2 === 0 ? services : (services.toReversed?.() ?? [...services].reverse());
  for (const service of order) service.micros.push(await burst(service, Number(values.requests)));
}
for (const service of services) {
  service.child.send('stop');
  service.agent.destroy();
}
const starts = startUp(11);
const bare = services[0];
const bareStart = starts.get('bare');
const version = execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim();
const rows = services.map((service) => {
  // Other work on the machine only ever adds time: the lower quartile of the bursts is the steadiest figure there is.
  const ratios = service.micros.map((micros, i) => micros / bare.micros[i]);
  const { ms, kib } = starts.get(service.name);
  return {
    node: version,
    name: service.name,
    cpuMicrosPerRequest: lowerQuartile(service.micros),
    cpuRatio: lowerQuartile(service.micros) / lowerQuartile(bare.micros),
    cpuRatioQuartiles: quartiles(ratios),
    startUpMs: ms - bareStart.ms,
    startUpBytes: (kib - bareStart.kib) * 1024,
    loadedBytes: service.anonymousBytes - bare.anonymousBytes,
  };
});
const control = rows[1];
const isResolved = Math.abs(control.cpuRatio - 1) <= 0.01;
process.stdout.write(`Node ${version}, ${values.rounds} rounds of ${values.requests} requests\n`);
for (const row of rows) {
  process.stdout.write(
    `${row.name.padEnd(24)} ${row.cpuMicrosPerRequest.toFixed(1)} µs a request, ratio ${row.cpuRatio.toFixed(3)} (${row.cpuRatioQuartiles.map((q) => q.toFixed(3)).join('–')}); start-up +${row.startUpMs.toFixed(1)} ms, +${(row.startUpBytes / 2 ** 20).toFixed(1)} MiB; under load +${(row.loadedBytes / 2 ** 20).toFixed(1)} MiB\n`,
  );
}
process.stdout.write(
  isResolved
    ? `A/A is ${control.cpuRatio.toFixed(3)}: a difference of 0.01 can be seen here.\n`
    : `UNRESOLVED: A/A is ${control.cpuRatio.toFixed(3)}, not within 0.01; the ratios above say nothing finer than that.\n`,
);
if (values.json) {
  mkdirSync(join(here, 'results'), { recursive: true });
  const file = join(here, 'results', `guard-cost-${version.split('.')[0]}.json`);
  writeFileSync(file, `${JSON.stringify({ isResolved, rows }, null, 1)}\n`);
}
