// What a death has left behind, and whether it is true.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { verifyHeapSnapshot } from '@plimsoll/inspect';
import { readIncident, readTimeline } from '@plimsoll/watchdog';

const round = (value) => Math.round(value * 1000) / 1000;

/** How the process ended: V8 or the guard (SIGABRT), the kernel (SIGKILL), an exit code, or nothing of that in time. */
export function outcomeOf(ended) {
  if (ended.livelocked) return 'livelock';
  if (ended.timedOut) return 'timeout';
  if (ended.code === 134) return 'SIGABRT';
  return ended.signal ?? `exit ${ended.code}`;
}

/** Evidence of Plimsoll: every incident folder read as a reader of it would. `hadTimeline`: the dead process had left its ring. */
export async function judgeIncidents(scenario, folder, ended, hadTimeline) {
  const outcome = outcomeOf(ended);
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name !== 'run') : [];
  const faults = names.filter((name) => name.endsWith('.partial')).map((name) => `left ${name}`);
  const found = [];
  for (const name of names.filter((candidate) => !candidate.endsWith('.partial')).sort()) {
    try {
      found.push(await readOne(scenario, join(folder, name), ended, faults));
    } catch (error) {
      faults.push(`${name}: ${error.message}`);
    }
  }
  const [incident] = found;
  const answers = found.map(({ answer }) => answer);
  return {
    ...incident,
    outcome,
    incidents: found.length,
    timeline: found.some(({ hasTimeline }) => hasTimeline) ? 'incident' : hadTimeline ? 'run' : 'none',
    profile: found.some(({ hasProfile }) => hasProfile),
    snapshotCount: found.reduce((sum, { snapshots }) => sum + snapshots.length, 0),
    valid: found.length > 0 && faults.length === 0,
    answer: ['wrong', 'right', 'unknown'].find((word) => answers.includes(word)) ?? 'none',
    named: answers.includes('right') && !answers.includes('wrong'),
    faults,
    killedInCapture: outcome === 'SIGKILL' && faults.some((fault) => fault.startsWith('left ')),
    rungs: [...new Set(found.flatMap(({ rungs }) => rungs))],
    ...(found.length > 1 ? { others: found.slice(1) } : {}),
  };
}

async function readOne(scenario, folder, ended, faults) {
  const files = readdirSync(folder);
  for (const file of files) {
    if (file.endsWith('.partial')) faults.push(`left ${file}`);
    else if (statSync(join(folder, file)).size === 0) faults.push(`empty ${file}`);
  }
  const record = readIncident(folder);
  const snapshots = [];
  for (const file of files.filter((name) => name.endsWith('.heapsnapshot'))) {
    const { valid, fault, fileBytes } = await verifyHeapSnapshot(join(folder, file));
    if (!valid) faults.push(`${file}: ${fault}`);
    snapshots.push(fileBytes);
  }
  const profiles = files.filter((name) => name.endsWith('.heapprofile'));
  for (const file of profiles) {
    if (JSON.parse(readFileSync(join(folder, file), 'utf8')).head === undefined)
      faults.push(`${file}: no profile`);
  }
  const last = lastTick(folder);
  const [site] = record.sites;
  const [finding] = record.autopsy?.findings ?? [];
  return {
    trigger: record.trigger.name,
    triggerFits: scenario.trigger.test(record.trigger.name),
    deepest: record.deepestLevel,
    hasTimeline: last !== undefined,
    hasProfile: profiles.length > 0,
    snapshots,
    rungs: record.captures.map(({ rung }) => rung),
    refusals: record.refusals.flatMap(({ reasons }) => reasons),
    site: site && `${site.functionName} ${basename(site.file)}:${site.line}`,
    sitesOf: record.sitesOf,
    finding:
      finding && `${finding.kind} ${finding.path || finding.name} ${basename(finding.file)}:${finding.line}`,
    sentence: record.autopsy?.sentence,
    answer: answerOf(scenario, record, ended),
    writtenRatio: round(record.latest.workingSetBytes / record.latest.limitBytes),
    writtenHeapRatio: round(record.latest.heapUsedBytes / record.latest.heapLimitBytes),
    lastRatio: last && round(last.workingSetBytes / last.limitBytes),
    lastHeapRatio: last && round(last.heapUsedBytes / last.heapLimitBytes),
    pausesMs: record.captures.map(({ pauseMs }) => Math.round(pauseMs)),
  };
}

function lastTick(folder) {
  try {
    return readTimeline(join(folder, 'timeline.ring')).at(-1);
  } catch {
    return undefined;
  }
}

/** The ring of a process that died before any incident was opened. */
export function hasLivingTimeline(folder) {
  const run = join(folder, 'run');
  return existsSync(run) && readdirSync(run).some((name) => existsSync(join(run, name, 'timeline.ring')));
}

/** `right`: what leaks is named. `unknown`: nothing is. `wrong`: something else is. The autopsy speaks first; where it names no container, the line of allocation does. */
function answerOf(scenario, record, ended) {
  const { containers, functions, file, leakFile = file, says } = scenario;
  if (says !== undefined) {
    const pid = /sibling (\d+)/.exec(ended.stdout)?.[1] ?? 'none';
    if (new RegExp(says.source.replace('$pid', pid), says.flags).test(JSON.stringify(record))) return 'right';
  }
  const [finding] = record.autopsy?.findings ?? [];
  if (finding?.kind === 'container') {
    const steps = finding.path.split(/[.[]/);
    const isRight = containers.includes(finding.name) || steps.some((step) => containers.includes(step));
    return isRight && (finding.file === '' || finding.file.endsWith(leakFile)) ? 'right' : 'wrong';
  }
  const site = record.sites.find(({ kind }) => kind !== 'node');
  const spoken = /live from `([^`]+)`/.exec(record.autopsy?.sentence ?? '')?.[1];
  if (spoken !== undefined && functions.includes(spoken)) return 'right';
  if (site !== undefined && functions.includes(site.functionName) && site.file.endsWith(leakFile))
    return 'right';
  // A line that most of the heap does not come from is no claim, and a line that allocates in the heap is none about memory beside it.
  const isClaim = site !== undefined && site.shareRatio >= 0.5;
  return isClaim && (record.sitesOf === 'handles' || record.trigger.name === 'growth') ? 'wrong' : 'unknown';
}

/** Evidence of another tool: heap snapshots and profiles in `folder`. */
export async function judgeFiles(folder, ended) {
  const outcome = outcomeOf(ended);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const snapshots = files.filter((name) => name.endsWith('.heapsnapshot'));
  const checks = await Promise.all(snapshots.map((name) => verifyHeapSnapshot(join(folder, name))));
  const profiles = files.filter((name) => /\.pb\.gz$|\.heapprofile$/.test(name));
  const faults = checks
    .filter(({ valid }) => !valid)
    .map(({ fault, fileBytes }) => `${fault} (${fileBytes} bytes)`);
  return {
    outcome,
    snapshotCount: checks.filter(({ valid }) => valid).length,
    profile: profiles.some((name) => statSync(join(folder, name)).size > 0),
    valid: faults.length === 0 && checks.length > 0,
    faults,
    killedInCapture: outcome === 'SIGKILL' && faults.length > 0,
  };
}
