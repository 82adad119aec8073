// One death: a leaking program in a real cgroup, under Plimsoll or another tool, and what it left behind.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { MemoryCgroup } from '../cgroup/memory-cgroup.mjs';
import { privateProgram } from '../cgroup/private-program.mjs';
import { commandOf } from './contenders.mjs';
import { hasLivingTimeline, judgeFiles, judgeIncidents } from './judge.mjs';
import { argumentOf, scenarios } from './scenarios.mjs';

const programs = join(import.meta.dirname, 'programs');
const round = (value) => Math.round(value * 1000) / 1000;

/**
 * Runs one cell. With `isPrivate` a copy of `nodePath` is run whose pages nobody has in memory, so that its text is charged to the cgroup, as in the first container
 * on a machine. `ratePerSecond` in megabytes replaces the scenario's own. `keepIn` is a folder that the evidence is copied to.
 */
export async function runCell({
  scenario: name,
  contender = 'plimsoll',
  limitBytes,
  nodePath,
  ratePerSecond,
  isPrivate = true,
  keepIn,
  env = {},
  timeoutMs = 120_000,
}) {
  const scenario = scenarios[name];
  const limitMib = limitBytes / 2 ** 20;
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-cell-'));
  const evidence = join(folder, 'incidents');
  mkdirSync(evidence, { mode: 0o700 });
  const copy = isPrivate ? privateProgram(nodePath) : undefined;
  const cgroup = new MemoryCgroup(limitBytes);
  const partner = scenario.partner === true ? await startPartner() : undefined;
  let resizing;
  try {
    const started = commandOf(contender, {
      program: join(programs, scenario.file),
      argument: argumentOf(scenario, limitMib, ratePerSecond),
      limitMib,
      nodePath,
      nodeFlags: scenario.nodeFlags?.(limitMib) ?? [],
      folder: evidence,
    });
    if ('refusal' in started) return { outcome: 'not run', refusal: started.refusal };
    const path = `${dirname(copy?.path ?? nodePath)}:${process.env.PATH}`;
    const run = (words) =>
      cgroup.run(words[0], words.slice(1), {
        timeoutMs,
        cwd: programs,
        env: {
          PATH: path,
          ...started.env,
          ...(partner && { PARTNER_URL: partner.url }),
          ...scenario.env,
          ...env,
        },
      });
    if (scenario.resize !== undefined) resizing = resizeOnce(cgroup, limitBytes, scenario.resize);
    const ended = await run(started.words);
    clearInterval(resizing);
    const counts = {
      peakRatio: round(cgroup.peakBytes / limitBytes),
      oomKills: cgroup.oomKillCount,
      failCount: cgroup.failCount,
    };
    const hadTimeline = hasLivingTimeline(evidence);
    // The supervisor starts it again, and the next life says what it finds.
    if (contender === 'plimsoll' && scenario.leaks !== false) {
      cgroup.resetFailCount();
      await run(restartOf(started.words));
    }
    const judged =
      contender === 'plimsoll'
        ? await judgeIncidents(scenario, evidence, ended, hadTimeline)
        : await judgeFiles(evidence, ended);
    if (keepIn !== undefined) cpSync(evidence, keepIn, { recursive: true });
    return { ...judged, ...counts, stderr: ended.stderr };
  } finally {
    clearInterval(resizing);
    partner?.child.kill('SIGKILL');
    cgroup.remove();
    copy?.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same command with a program that does nothing. */
function restartOf(words) {
  return [...words.slice(0, words.indexOf('node') + 1), '-e', 'setTimeout(() => {}, 300)'];
}

/** Lowers the limit, as `kubectl` does to a running container, once `atRatio` of it is in use. */
function resizeOnce(cgroup, limitBytes, { atRatio, toRatio }) {
  const timer = setInterval(() => {
    if (cgroup.usageBytes < atRatio * limitBytes) return;
    clearInterval(timer);
    cgroup.limitBytes = Math.round(toRatio * limitBytes);
  }, 50);
  return timer;
}

/** A server in no container. */
function startPartner() {
  const child = spawn(process.execPath, [join(programs, 'partner.mjs')], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.stdout.setEncoding('utf8').once('data', (text) => resolve({ child, url: text.trim() }));
  });
}
