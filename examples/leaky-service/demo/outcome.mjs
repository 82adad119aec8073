// What was left behind, and whether it is what was promised: a valid incident, and nothing killed by the kernel.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readIncident, readTimeline } from 'plimsoll';

/** The outcome of a demo as a value; `ok` is true only when a valid incident exists, it names the leak, and the kernel killed nothing. */
export function judgeOutcome({ end, service, traffic, container, folders, limitBytes }) {
  const faults = [];
  const incident = readNewest(folders.incidentDir, faults);
  const killCount = container?.killCount() ?? 0;
  if (killCount > 0 || end.signal === 'SIGKILL')
    faults.push(`the service was killed (${killCount} kills by the kernel)`);
  if (end.timedOut) faults.push('the service was still alive at the deadline');
  const site = incident?.record.sites.find(({ kind }) => kind === 'application');
  if (incident !== undefined && !site?.file.endsWith('session-store.js')) {
    faults.push(`the profile names ${site?.file ?? 'nothing'} instead of session-store.js`);
  }
  const [named] = incident?.record.autopsy?.findings ?? [];
  if (incident !== undefined && !isTheLeak(named)) {
    faults.push(
      `the autopsy names ${named === undefined ? 'nothing' : `${named.kind} ${named.name} (${named.file})`} instead of Map sessions (session-store.js)`,
    );
  }
  return {
    ok: faults.length === 0,
    faults,
    limitBytes,
    container: container !== undefined,
    end: { code: end.code, signal: end.signal, lifeMs: end.lifeMs, kernelKillCount: killCount },
    peakBytes: container?.peakBytes(),
    servedCount: traffic.servedCount,
    incident,
    leak: site,
    autopsy: incident?.record.autopsy,
    timeline: readRunTimeline(folders.runDir),
    lastWords: service
      .stderr()
      .split('\n')
      .filter((line) => line.startsWith('{')),
  };
}

/** The one right answer: the Map that nothing is ever taken from. */
function isTheLeak(finding) {
  return (
    finding?.kind === 'container' && finding.name === 'sessions' && finding.file.endsWith('session-store.js')
  );
}

function readNewest(incidentDir, faults) {
  const names = existsSync(incidentDir)
    ? readdirSync(incidentDir)
        .filter((name) => /^\d{4}/.test(name))
        .sort()
    : [];
  const newest = names.at(-1);
  if (newest === undefined) {
    faults.push('no incident was left behind');
    return undefined;
  }
  const folder = join(incidentDir, newest);
  try {
    const record = readIncident(folder);
    const files = readdirSync(folder).map((name) => ({ name, fileBytes: statSync(join(folder, name)).size }));
    for (const { name, fileBytes } of files) {
      if (fileBytes === 0) faults.push(`${name} is empty`);
      else if (name.endsWith('.heapsnapshot')) checkSnapshot(join(folder, name), faults);
    }
    return { folder, record, files };
  } catch (error) {
    faults.push(error.message);
    return undefined;
  }
}

/** Reads the whole file as DevTools would and counts nodes and edges against its header. */
function checkSnapshot(path, faults) {
  try {
    const { snapshot, nodes, edges } = JSON.parse(readFileSync(path, 'utf8'));
    const nodeCount = nodes.length / snapshot.meta.node_fields.length;
    const edgeCount = edges.length / snapshot.meta.edge_fields.length;
    if (nodeCount !== snapshot.node_count || edgeCount !== snapshot.edge_count) {
      faults.push(
        `${path} holds ${nodeCount} nodes and ${edgeCount} edges, its header says ${snapshot.node_count} and ${snapshot.edge_count}`,
      );
    }
  } catch (error) {
    faults.push(`${path} is not a heap snapshot: ${error.message}`);
  }
}

function readRunTimeline(runDir) {
  const [own] = existsSync(runDir) ? readdirSync(runDir) : [];
  const path = own === undefined ? undefined : join(runDir, own, 'timeline.ring');
  return path !== undefined && existsSync(path) ? readTimeline(path) : [];
}
