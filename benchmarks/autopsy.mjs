// Does the autopsy name the variable that leaks, and never an innocent one, over 34 leaking and 10 healthy programs that really meet V8's limit in a container?
// usage: pnpm bench autopsy [--only word] [--old-space 96] [--json]; another Node: NODE=/path/to/node. As root each program runs in its own 256 MiB memory cgroup.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { leaking, living } from './autopsy/corpus.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    'old-space': { type: 'string', default: '96' },
    json: { type: 'boolean', default: false },
  },
});
const node = process.env.NODE ?? process.execPath;
const preload = pathToFileURL(join(import.meta.dirname, 'autopsy', 'preload.mjs')).href;
const CGROUPS = '/sys/fs/cgroup/memory';

/** A version 1 memory cgroup of 256 MiB; undefined where none can be made. */
function makeCgroup() {
  const path = join(CGROUPS, `plimsoll-autopsy-${process.pid}`);
  try {
    mkdirSync(path);
    writeFileSync(join(path, 'memory.limit_in_bytes'), String(256 * 2 ** 20));
    return path;
  } catch {
    return undefined;
  }
}

function verdictOf(autopsy, named, { names, file }, isLeaking) {
  // A healthy program must live to its end without an incident. (What an autopsy would say of the largest thing in a healthy heap is no statement about a leak.)
  if (!isLeaking) return autopsy?.at === 'end' ? 'silent' : 'WRONG';
  if (autopsy?.at !== 'limit') return 'nothing';
  if (named === undefined) return 'unknown';
  return names.includes(named.name) && named.file === file ? 'right' : 'WRONG';
}

function run(name, { files, file, names }, isLeaking) {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-corpus-'));
  const cgroup = makeCgroup();
  try {
    for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
    const out = join(folder, 'autopsy.json');
    const flags = [
      `--max-old-space-size=${values['old-space']}`,
      '--max-semi-space-size=8',
      '--import',
      preload,
    ];
    const command = [node, ...flags, Object.keys(files)[0]];
    const words =
      cgroup === undefined
        ? command
        : ['sh', '-c', 'echo $$ > "$0"/cgroup.procs; exec "$@"', cgroup, ...command];
    const { status, signal } = spawnSync(words[0], words.slice(1), {
      cwd: folder,
      env: { ...process.env, AUTOPSY_OUT: out },
      stdio: 'ignore',
      timeout: 60_000,
    });
    const autopsy = existsSync(out) ? JSON.parse(readFileSync(out, 'utf8')) : undefined;
    const finding = autopsy?.findings[0];
    const named = finding?.kind === 'container' ? finding : undefined;
    const verdict = verdictOf(autopsy, named, { names, file }, isLeaking);
    const events = autopsy?.journal?.map(({ event }) => event) ?? [];
    return {
      name,
      verdict,
      ending: signal ?? status,
      sentence: autopsy?.sentence,
      tookMs: autopsy?.tookMs,
      cpuMs: autopsy?.cpuMs,
      residentBytes: autopsy?.residentBytes,
      armed: events.includes('armed'),
      journal: autopsy?.journal,
      findings: autopsy?.findings,
    };
  } finally {
    if (cgroup !== undefined) rmdirSync(cgroup);
    rmSync(folder, { recursive: true });
  }
}

const wanted = ([name]) => name.includes(values.only);
const rows = [];
for (const [isLeaking, programs] of [
  [true, leaking],
  [false, living],
]) {
  for (const [name, program] of Object.entries(programs).filter(wanted)) {
    const row = { ...run(name, program, isLeaking), isLeaking };
    rows.push(row);
    const cost =
      row.tookMs === undefined
        ? ''
        : `${Math.round(row.tookMs)} ms (CPU ${Math.round(row.cpuMs)}), ${(row.residentBytes / 2 ** 20).toFixed(0)} MiB`;
    process.stdout.write(
      `${row.verdict.padEnd(8)} ${name.padEnd(54)} ${String(row.ending).padEnd(8)} ${row.armed ? 'armed' : '     '} ${cost.padEnd(26)} ${row.sentence ?? ''}\n`,
    );
  }
}
const count = (isLeaking, verdict) =>
  rows.filter((row) => row.isLeaking === isLeaking && row.verdict === verdict).length;
const leaks = rows.filter(({ isLeaking }) => isLeaking).length;
const wrong = count(true, 'WRONG') + count(false, 'WRONG');
const right = count(true, 'right');
const share = (part, whole) => (whole === 0 ? '–' : `${((100 * part) / whole).toFixed(0)} %`);
process.stdout.write(
  `${rows.length} programs: culprit first ${right} of ${leaks} (${share(right, leaks)}), silent ${count(true, 'unknown')}, no autopsy ${count(true, 'nothing')}; wrong ${wrong} (${share(wrong, rows.length)}); precision ${share(right, right + wrong)}; healthy and silent ${count(false, 'silent')} of ${rows.length - leaks}\n`,
);
if (values.json) {
  mkdirSync(join(import.meta.dirname, 'results'), { recursive: true });
  writeFileSync(join(import.meta.dirname, 'results', 'autopsy.json'), `${JSON.stringify(rows, null, 1)}\n`);
}
process.exitCode = rows.length > 0 && wrong === 0 ? 0 : 1;
