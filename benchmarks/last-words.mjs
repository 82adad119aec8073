// Do the last words come at V8's limit on every Node, small, and does the death stay the one it would have been? Each program runs guarded and unguarded in a real cgroup.
// usage: pnpm bench last-words [--nodes 20,22,24,26] [--limits 256,512] [--only timers] [--json]; needs root and the v1 memory controller.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { readIncident } from '@plimsoll/watchdog';
import { nodeFor } from '../scripts/nodes.mjs';
import { cgroupRefusal, MemoryCgroup } from './cgroup/memory-cgroup.mjs';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '20,22,24,26' },
    limits: { type: 'string', default: '256,512' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const refusal = cgroupRefusal();
if (refusal !== undefined) {
  process.stderr.write(`SKIPPED, 0 deaths: ${refusal}\n`);
  process.exit(1);
}

const here = import.meta.dirname;
const command = join(here, '..', 'packages', 'plimsoll', 'bin', 'plimsoll');
/** What a right answer may name; empty where only the end itself is looked at. */
const programs = {
  timers: { path: join(here, 'capture', 'programs', 'timers.mjs'), names: ['sessions'] },
  async: { path: join(here, 'capture', 'programs', 'async.mjs'), names: ['audit'] },
  clone: { path: join(here, 'last-words', 'clone.mjs'), names: ['sessions', 'copies'] },
};
const rateMegabytes = '40';

async function run(words, node, limitBytes, incidentDir) {
  const cgroup = new MemoryCgroup(limitBytes);
  try {
    const ended = await cgroup.run(words[0], words.slice(1), {
      timeoutMs: 120_000,
      cwd: here,
      env: { PATH: `${dirname(node)}:${process.env.PATH}`, PLIMSOLL_INCIDENT_DIR: incidentDir },
    });
    const end = ended.livelocked
      ? 'livelock'
      : ended.timedOut
        ? 'timeout'
        : (ended.signal ?? `exit ${ended.code}`);
    return { end, stderr: ended.stderr, peakRatio: Math.round((100 * cgroup.peakBytes) / limitBytes) / 100 };
  } finally {
    cgroup.remove();
  }
}

function readEvidence(incidentDir, names) {
  const folders = readdirSync(incidentDir).filter((name) => /^\d{8}T/.test(name));
  if (folders.length === 0) return { evidence: 'none', named: 'nothing' };
  const record = readIncident(join(incidentDir, folders.at(-1)));
  const [finding] = record.autopsy?.findings ?? [];
  const censusPath = join(incidentDir, folders.at(-1), 'census.json');
  const census = existsSync(censusPath) ? readFileSync(censusPath, 'utf8') : '';
  const verdict =
    finding === undefined
      ? 'nothing'
      : finding.kind !== 'container'
        ? 'unknown'
        : names.includes(finding.name)
          ? 'right'
          : `WRONG ${finding.path}`;
  return {
    evidence: record.ending === undefined ? record.captures.map(({ rung }) => rung).join('+') : 'last words',
    named: verdict,
    inCensus: names.some((name) => census.includes(`"${name}`)),
    sentence: record.autopsy?.sentence,
  };
}

const rows = [];
for (const major of values.nodes.split(',').map(Number)) {
  const node = nodeFor(major);
  for (const limitMib of values.limits.split(',').map(Number)) {
    const limitBytes = limitMib * 2 ** 20;
    for (const [program, { path, names }] of Object.entries(programs)) {
      if (!program.includes(values.only)) continue;
      const incidentDir = mkdtempSync(join(tmpdir(), 'plimsoll-last-words-'));
      try {
        const flags = execFileSync(command, ['flags'], {
          encoding: 'utf8',
          env: { ...process.env, PLIMSOLL_LIMIT: `${limitMib}MiB` },
        })
          .trim()
          .split(/\s+/)
          .filter((flag) => flag.startsWith('--max'));
        const bare = await run([node, ...flags, path, rateMegabytes], node, limitBytes, incidentDir);
        const guarded = await run(
          [command, 'run', '--', 'node', path, rateMegabytes],
          node,
          limitBytes,
          incidentDir,
        );
        const line = guarded.stderr.split('\n').findLast((text) => text.startsWith('{"plimsoll":"death"'));
        const { tookMs, cpuMs, addedResidentBytes } = JSON.parse(line ?? '{}');
        const row = {
          major,
          limitMib,
          program,
          bareEnd: bare.end,
          end: guarded.end,
          ...readEvidence(incidentDir, names),
          tookMs,
          cpuMs,
          addedMib: addedResidentBytes === undefined ? undefined : Math.round(addedResidentBytes / 2 ** 20),
          peakRatio: guarded.peakRatio,
        };
        rows.push(row);
        process.stdout.write(
          `node ${major}  ${String(limitMib).padStart(4)} MiB  ${program.padEnd(7)} bare ${row.bareEnd.padEnd(8)} guarded ${row.end.padEnd(8)} ${row.evidence.padEnd(16)} ${row.named.padEnd(8)} ${row.tookMs ?? '–'} ms (CPU ${row.cpuMs ?? '–'})  +${row.addedMib ?? '–'} MiB  peak ${row.peakRatio}\n`,
        );
      } finally {
        rmSync(incidentDir, { recursive: true, force: true });
      }
    }
  }
}
const count = (test) => rows.filter(test).length;
const spoken = rows.filter(({ evidence }) => evidence === 'last words');
const most = (key) => Math.max(0, ...spoken.map((row) => row[key]));
process.stdout.write(
  `${rows.length} deaths: last words in ${spoken.length}, the culprit named in ${count(({ named }) => named === 'right')}, a wrong name in ${count(({ named }) => named.startsWith('WRONG'))}; worse than unguarded (137 for 134) in ${count(({ bareEnd, end }) => bareEnd === 'SIGABRT' && end !== 'SIGABRT')}; at most ${most('tookMs')} ms (CPU ${most('cpuMs')}) and ${most('addedMib')} MiB\n`,
);
if (values.json) {
  mkdirSync(join(here, 'results'), { recursive: true });
  writeFileSync(join(here, 'results', 'last-words.json'), `${JSON.stringify(rows, undefined, 2)}\n`);
}
process.exitCode = rows.length > 0 && count(({ named }) => named.startsWith('WRONG')) === 0 ? 0 : 1;
