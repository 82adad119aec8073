// Does the autopsy name the variable that leaks, and never an innocent one, over the leaking and the healthy programs of a corpus that really meet V8's limit in a container?
// usage: pnpm bench autopsy [--nodes 20,22,24,26] [--only word] [--old-space 96] [--held-out] [--jobs 2] [--json]; as root each program runs in its own 256 MiB memory cgroup.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nodeFor, supportedMajors } from '../scripts/nodes.mjs';
import { heldOut, leaking, living } from './autopsy/corpus.mjs';
import { runProgram } from './autopsy/run-program.mjs';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: supportedMajors.join(',') },
    only: { type: 'string', default: '' },
    'old-space': { type: 'string', default: '96' },
    'held-out': { type: 'boolean', default: false },
    jobs: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
});

function rowText(row) {
  const cost =
    row.tookMs === undefined || !row.isLeaking
      ? ''
      : `${Math.round(row.tookMs)} ms (CPU ${Math.round(row.cpuMs)}), ${(row.residentBytes / 2 ** 20).toFixed(0)} MiB`;
  return `node ${row.major}  ${row.verdict.padEnd(8)} ${row.name.padEnd(54)} ${String(row.ending).padEnd(8)} ${row.armed ? 'armed' : '     '} ${cost.padEnd(26)} ${row.sentence ?? ''}\n`;
}

const share = (part, whole) => (whole === 0 ? '–' : `${((100 * part) / whole).toFixed(0)} %`);
const most = (rows, key) => Math.max(0, ...rows.map((row) => row[key] ?? 0));

function summaryOf(major, rows) {
  const leaks = rows.filter(({ isLeaking }) => isLeaking);
  const count = (list, verdict) => list.filter((row) => row.verdict === verdict).length;
  return {
    major,
    leakingCount: leaks.length,
    rightCount: count(leaks, 'right'),
    unknownCount: count(leaks, 'unknown'),
    nothingCount: count(leaks, 'nothing'),
    wrongCount: count(rows, 'WRONG'),
    healthyCount: rows.length - leaks.length,
    silentCount: count(rows, 'silent'),
    mostCpuMs: Math.round(most(leaks, 'cpuMs')),
    mostTookMs: Math.round(most(leaks, 'tookMs')),
    mostResidentBytes: most(leaks, 'residentBytes'),
  };
}

function summaryText(summary) {
  const { major, leakingCount, rightCount, unknownCount, nothingCount, wrongCount } = summary;
  return (
    `node ${major}: culprit first ${rightCount} of ${leakingCount} (${share(rightCount, leakingCount)}), silent ${unknownCount}, no autopsy ${nothingCount}; ` +
    `wrong ${wrongCount} (${share(wrongCount, leakingCount + summary.healthyCount)}), precision ${share(rightCount, rightCount + wrongCount)}; healthy and silent ${summary.silentCount} of ${summary.healthyCount}; ` +
    `at most ${summary.mostTookMs} ms (CPU ${summary.mostCpuMs}), ${(summary.mostResidentBytes / 2 ** 20).toFixed(0)} MiB\n`
  );
}

async function runCorpus(major) {
  const node = nodeFor(major);
  const waiting = [leaking, heldOut, living].flatMap((programs) =>
    Object.entries(programs)
      .filter(
        ([name]) => programs === (values['held-out'] ? heldOut : programs) && name.includes(values.only),
      )
      .map(([name, program]) => ({ name, program, isLeaking: programs !== living })),
  );
  const rows = [];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { name, program, isLeaking } = next;
      const row = { major, ...(await runProgram(node, values['old-space'], name, program, isLeaking)) };
      rows.push(row);
      process.stdout.write(rowText(row));
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
  return rows;
}

const all = [];
const summaries = [];
for (const major of values.nodes.split(',').map(Number)) {
  const rows = await runCorpus(major);
  all.push(...rows);
  summaries.push(summaryOf(major, rows));
}
for (const summary of summaries) process.stdout.write(summaryText(summary));
if (values.json) {
  const path = join(import.meta.dirname, 'results', 'autopsy.json');
  const earlier = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { summaries: [], rows: [] };
  // Each version of Node can be run by itself: what was measured on the others stays.
  const others = (list) => list.filter(({ major }) => !summaries.some((summary) => summary.major === major));
  const result = {
    oldSpaceMib: Number(values['old-space']),
    summaries: [...others(earlier.summaries), ...summaries].toSorted((a, b) => a.major - b.major),
    rows: [...others(earlier.rows), ...all].toSorted((a, b) => a.major - b.major),
  };
  mkdirSync(join(import.meta.dirname, 'results'), { recursive: true });
  writeFileSync(path, `${JSON.stringify(result, undefined, 1)}\n`);
}
process.exitCode = all.length > 0 && summaries.every(({ wrongCount }) => wrongCount === 0) ? 0 : 1;
