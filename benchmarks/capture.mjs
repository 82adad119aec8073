// Does every death under a real kernel limit leave a valid incident that names the leaking file and line, and does no capture ever kill?
// pnpm bench capture [--only timers,256,24] [--repeat 3] [--rate 10] [--out file.jsonl] [--shared-binary] [--json]
// One JSON line a cell, appended as it ends; cells that are in the file already are skipped. Needs root and the v1 memory controller.
// Outcomes: SIGABRT = V8's own limit (134), SIGKILL = the kernel (137), livelock = neither within the time (the kernel evicts the program's own text).
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { runCell, scenarios } from './capture/cell.mjs';
import { cgroupRefusal } from './cgroup/memory-cgroup.mjs';
import { nodeFor } from '../scripts/nodes.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    repeat: { type: 'string', default: '1' },
    rate: { type: 'string', default: '10' },
    out: {
      type: 'string',
      default: join(import.meta.dirname, '..', 'node_modules', '.cache', 'capture.jsonl'),
    },
    'shared-binary': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const refusal = cgroupRefusal();
if (refusal !== undefined) {
  process.stderr.write(`SKIPPED, 0 cells: ${refusal}\n`);
  process.exit(1);
}

const limitsMib = [256, 512, 1024];
const majors = [20, 24];
const wanted = values.only.split(',').filter((word) => word !== '');
const isWanted = (cell) => wanted.every((word) => Object.values(cell).map(String).includes(word));
/** Longer than a leak of this rate needs to fill the limit three times over. */
const timeoutMs = (limitMib) => 30_000 + (limitMib / Number(values.rate)) * 3000;

mkdirSync(dirname(values.out), { recursive: true });
const lines = existsSync(values.out)
  ? readFileSync(values.out, 'utf8')
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  : [];
const keyOf = ({ scenario, limitMib, major, rate, repeat }) =>
  [scenario, limitMib, major, rate, repeat].join();
const rows = [];
for (let repeat = 1; repeat <= Number(values.repeat); repeat += 1) {
  for (const scenario of Object.keys(scenarios).filter((name) => scenarios[name].leaks !== false)) {
    for (const limitMib of limitsMib) {
      for (const major of majors) {
        const cell = { scenario, limitMib, major, rate: Number(values.rate), repeat };
        if (!isWanted({ scenario, limitMib, major })) continue;
        const known = lines.find((line) => keyOf(line) === keyOf(cell));
        const row = known ?? { ...cell, ...(await measure(cell)) };
        if (known === undefined) appendFileSync(values.out, `${JSON.stringify(row)}\n`);
        rows.push(row);
        process.stdout.write(`${rowText(row)}\n`);
      }
    }
  }
}
summarise();

async function measure({ scenario, limitMib, major, rate }) {
  const { stderr, ...cell } = await runCell({
    scenario,
    limitBytes: limitMib * 2 ** 20,
    nodePath: nodeFor(major),
    ratePerSecond: rate,
    isPrivate: !values['shared-binary'],
    timeoutMs: timeoutMs(limitMib),
  });
  return cell.valid ? cell : { ...cell, stderr: stderr.slice(0, 4000) };
}

function rowText(row) {
  const words = [
    row.scenario.padEnd(8),
    String(row.limitMib).padStart(5),
    `node ${row.major}`,
    row.outcome.padEnd(8),
  ];
  const marks = [
    row.valid ? 'valid' : 'NOT VALID',
    row.named ? 'named' : 'NOT NAMED',
    row.trigger,
    (row.captures ?? []).join(' '),
  ];
  return [
    ...words,
    ...marks,
    `written at heap ${row.writtenHeapRatio} of ${row.lastHeapRatio}`,
    `peak ${row.peakRatio}`,
    `kernel kills ${row.oomKills}`,
    row.killedInCapture ? 'KILLED IN CAPTURE' : '',
    row.faults.join('; '),
  ].join('  ');
}

function summarise() {
  const count = (test) => rows.filter(test).length;
  const text = `${rows.length} cells: valid ${count((row) => row.valid)}, named ${count((row) => row.named)}, with a snapshot ${count((row) => (row.captures ?? []).some((rung) => rung.startsWith('snapshot')))}, killed during a capture ${count((row) => row.killedInCapture)}\n`;
  process.stdout.write(text);
  if (values.json) {
    const path = join(import.meta.dirname, 'results', 'capture.json');
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify({ node: process.versions.node, cells: rows }, null, 2)}\n`);
  }
  if (rows.length === 0 || count((row) => !row.valid || !row.named || row.killedInCapture) > 0)
    process.exitCode = 1;
}
