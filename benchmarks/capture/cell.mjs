// One death: a leaking program under `plimsoll run` in a real cgroup, and what it left behind.
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readIncident, readTimeline } from '@plimsoll/watchdog';
import { MemoryCgroup } from '../cgroup/memory-cgroup.mjs';

const here = import.meta.dirname;
const command = join(here, '..', '..', 'packages', 'plimsoll', 'bin', 'plimsoll');

/** The functions of each program that a right answer may name: the one that leaks, and the one it is inlined into. */
export const scenarios = {
  timers: {
    file: 'timers.mjs',
    functionNames: ['rememberSession', 'onTick'],
    trigger: /growth|critical|terminal|ratio/,
  },
  async: {
    file: 'async.mjs',
    functionNames: ['lookUp', 'recordAudit'],
    trigger: /growth|critical|terminal|ratio/,
  },
  buffers: {
    file: 'buffers.mjs',
    functionNames: ['keepBody', 'onTick'],
    trigger: /off-heap|critical|terminal|ratio/,
  },
  healthy: { file: 'healthy.mjs', functionNames: [], trigger: /^$/, leaks: false },
};

/**
 * Runs one cell. `nodePath` is copied and its page cache dropped when `isPrivate`, so that its text is charged to the cgroup, as in the first container on a machine.
 */
export async function runCell({
  scenario,
  limitBytes,
  nodePath,
  ratePerSecond,
  isPrivate = true,
  env = {},
  timeoutMs = 120_000,
}) {
  const { file } = scenarios[scenario];
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-cell-'));
  const cgroup = new MemoryCgroup(limitBytes);
  try {
    const node = isPrivate ? privateCopy(nodePath, folder) : nodePath;
    const incidentDir = join(folder, 'incidents');
    const ended = await cgroup.run(command, ['run', '--', 'node', join(here, file), String(ratePerSecond)], {
      timeoutMs,
      cwd: here,
      env: { PATH: `${dirname(node)}:${process.env.PATH}`, PLIMSOLL_INCIDENT_DIR: incidentDir, ...env },
    });
    return {
      ...judge(scenario, incidentDir, ended),
      peakRatio: round(cgroup.peakBytes / limitBytes),
      oomKills: cgroup.oomKillCount,
      failCount: cgroup.failCount,
    };
  } finally {
    cgroup.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

function privateCopy(nodePath, folder) {
  const path = join(folder, 'bin', 'node');
  mkdirSync(dirname(path));
  copyFileSync(nodePath, path);
  execFileSync('dd', [`of=${path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], {
    stdio: 'ignore',
    input: '',
  });
  return path;
}

const round = (value) => Math.round(value * 1000) / 1000;

function judge(scenario, incidentDir, ended) {
  const { functionNames, file, trigger } = scenarios[scenario];
  const outcome = ended.livelocked
    ? 'livelock'
    : ended.timedOut
      ? 'timeout'
      : (ended.signal ?? `exit ${ended.code}`);
  const names = existsSync(incidentDir) ? readdirSync(incidentDir).filter((name) => name !== 'run') : [];
  const faults = names.filter((name) => name.endsWith('.partial')).map((name) => `left ${name}`);
  const found = [];
  for (const name of names.filter((candidate) => !candidate.endsWith('.partial'))) {
    const folder = join(incidentDir, name);
    for (const entry of readdirSync(folder)) {
      if (entry.endsWith('.partial')) faults.push(`left ${entry}`);
      if (statSync(join(folder, entry)).size === 0) faults.push(`empty ${entry}`);
    }
    try {
      const record = readIncident(folder);
      const last = readTimeline(join(folder, 'timeline.ring')).at(-1);
      const profile = JSON.parse(readFileSync(join(folder, 'allocation.heapprofile'), 'utf8'));
      const [site] = record.sites;
      found.push({
        trigger: record.trigger.name,
        deepest: record.deepestLevel,
        captures: record.captures.map(({ rung, check }) => `${rung}:${check}`),
        refusals: record.refusals.flatMap(({ reasons }) => reasons),
        site: site && `${site.functionName} ${site.file.split('/').at(-1)}:${site.line}`,
        namesLeak:
          site !== undefined && functionNames.includes(site.functionName) && site.file.endsWith(file),
        triggerFits: trigger.test(record.trigger.name),
        writtenRatio: round(record.latest.workingSetBytes / record.latest.limitBytes),
        writtenHeapRatio: round(record.latest.heapUsedBytes / record.latest.heapLimitBytes),
        lastRatio: round(last.workingSetBytes / last.limitBytes),
        lastHeapRatio: round(last.heapUsedBytes / last.heapLimitBytes),
        profileNodes: profile.head !== undefined,
        pausesMs: record.captures.map(({ pauseMs }) => Math.round(pauseMs)),
      });
    } catch (error) {
      faults.push(`${name}: ${error.message}`);
    }
  }
  const [incident] = found;
  return {
    outcome,
    incidents: found.length,
    valid: found.length > 0 && faults.length === 0,
    named: incident?.namesLeak ?? false,
    faults,
    killedInCapture: outcome === 'SIGKILL' && faults.some((fault) => fault.startsWith('left ')),
    ...incident,
    stderr: ended.stderr,
  };
}
