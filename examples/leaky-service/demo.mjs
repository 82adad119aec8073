// pnpm demo: a real service leaks to death in a real container, guarded. See README.md.
import { spawn, spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { formatBytes, parseByteSize } from 'plimsoll';
import { makeContainer } from './demo/container.mjs';
import { makeDemoFolders } from './demo/folders.mjs';
import { LiveLine } from './demo/live-line.mjs';
import { judgeOutcome } from './demo/outcome.mjs';
import { printReport } from './demo/report.mjs';
import { pnpmPlimsoll, startService, startTraffic } from './demo/processes.mjs';

const usage = `usage: pnpm demo [--limit 256MiB] [--keep] [--json]

  --limit <size>  memory of the container, 128MiB to 2GiB (default 256MiB)
  --keep          keep the incident folders of earlier demos
  --json          the outcome as one JSON object on stdout, nothing else
`;

const DEADLINE_MS = 100_000;

function readOptions() {
  try {
    const { values } = parseArgs({
      args: process.argv.slice(2).filter((word) => word !== '--'),
      options: {
        limit: { type: 'string', default: '256MiB' },
        keep: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    const limitBytes = parseByteSize(values.limit);
    if (limitBytes === undefined || limitBytes < 128 * 2 ** 20 || limitBytes > 2 ** 31) {
      throw new Error(`--limit is "${values.limit}"; expected a size from 128MiB to 2GiB, such as 512MiB.`);
    }
    return { limitBytes, keep: values.keep, json: values.json };
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${usage}`);
    process.exit(2);
  }
}

/** Runs the service until it ends or the deadline passes; resolves to how it ended. */
async function runToTheEnd({ service, traffic, line, container, limitBytes }) {
  const ended = new Promise((resolve) => {
    service.child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const deadline = setTimeout(() => service.child.kill('SIGKILL'), DEADLINE_MS);
  const ticking = setInterval(() => {
    line.update({
      workingSetBytes: container?.workingSetBytes() ?? service.residentBytes(),
      limitBytes,
      servedCount: traffic.servedCount,
      level: service.level(),
    });
  }, 100);
  const startedMs = Date.now();
  const { code, signal } = await ended;
  clearTimeout(deadline);
  clearInterval(ticking);
  traffic.stop();
  line.end();
  return { code, signal, lifeMs: Date.now() - startedMs, timedOut: Date.now() - startedMs >= DEADLINE_MS };
}

const options = readOptions();
const say = options.json ? () => {} : (text = '') => process.stdout.write(`${text}\n`);
const folders = makeDemoFolders(options.keep);
const { container, reason } = makeContainer(options.limitBytes);

say('Plimsoll demo: a service with a leak, in a container, to its end.\n');
if (container === undefined) {
  say(
    `No real container: ${reason}. PLIMSOLL_LIMIT=${options.limitBytes} stands for it; the kernel will not kill.\n`,
  );
} else {
  say(
    `A memory control group of ${formatBytes(options.limitBytes)} is the container; the kernel kills whatever does not fit.\n`,
  );
}
say(
  spawnSync(process.execPath, [pnpmPlimsoll, 'plan', '--limit', String(options.limitBytes)], {
    encoding: 'utf8',
  }).stdout,
);

let outcome;
try {
  const service = await startService({ container, limitBytes: options.limitBytes, folders, spawn });
  say(`$ plimsoll run -- node server.js      (pid ${service.child.pid}, port ${service.port})\n`);
  const traffic = startTraffic(service.port, options.limitBytes);
  const line = new LiveLine(options.json ? undefined : process.stdout);
  const end = await runToTheEnd({ service, traffic, line, container, limitBytes: options.limitBytes });
  outcome = judgeOutcome({ end, service, traffic, container, folders, limitBytes: options.limitBytes });
} finally {
  container?.remove();
}
if (options.json) process.stdout.write(`${JSON.stringify(outcome, undefined, 2)}\n`);
else printReport(outcome, say);
process.exitCode = outcome.ok ? 0 : 1;
