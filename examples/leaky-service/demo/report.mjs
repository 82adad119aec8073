// The outcome for a person.
import { formatBytes } from 'plimsoll';
import { chart } from './chart.mjs';

const fileNotes = {
  'incident.json': 'everything as one value',
  'journal.ndjson': 'every decision with its numbers',
  'timeline.csv': 'memory, tick by tick',
  'autopsy.json': 'which variables hold what grew',
  'census.json': 'the largest containers on the way, and their growth',
  'allocation.heapprofile': 'live bytes by line; DevTools › Memory › Load',
  'timeline.ring': 'the same up to the last tick, written by the kernel after the death',
  'README.txt': 'what this is and what to open where',
};

/** Prints `outcome` line by line with `say`. */
export function printReport(outcome, say) {
  say(endSentence(outcome));
  say();
  printTimeline(outcome, say);
  const { incident, leak } = outcome;
  if (incident !== undefined) {
    say(`Incident: ${incident.record.trigger.sentence}`);
    say(`  ${incident.folder}`);
    for (const { name, fileBytes } of incident.files) {
      const note = name.endsWith('.heapsnapshot')
        ? 'the heap, counted against its header: whole'
        : (fileNotes[name] ?? '');
      say(`    ${name.padEnd(24)} ${formatBytes(fileBytes).padStart(9)}  ${note}`);
    }
    say();
    if (outcome.autopsy !== undefined) {
      say('The last words of the process (stderr, README.txt, autopsy.json):');
      say(`  ${outcome.autopsy.sentence}`);
      say();
    }
    if (leak !== undefined) {
      say(
        `The allocating line: ${leak.functionName || '(anonymous)'} at ${leak.file}:${leak.line} holds ${Math.round(leak.shareRatio * 100)} % of all live bytes (${formatBytes(leak.liveBytes)}).`,
      );
      say();
    }
    printSnapshot(incident, say);
  }
  for (const fault of outcome.faults) say(`NOT AS PROMISED: ${fault}`);
  say(outcome.ok ? 'A valid incident was left behind; the kernel killed nothing.' : 'The demo failed.');
}

function endSentence({ end, servedCount, peakBytes, limitBytes }) {
  const life = `${(end.lifeMs / 1000).toFixed(0)} s and ${servedCount} requests`;
  const peak =
    peakBytes === undefined ? '' : `, peak ${formatBytes(peakBytes)} of ${formatBytes(limitBytes)}`;
  if (end.code === 134 || end.signal === 'SIGABRT') {
    return `After ${life} V8 reached the heap limit of the plan: exit code 134 (V8's own abort, told by name below), not the kernel's 137, which says nothing${peak}.`;
  }
  return `After ${life} the service ended with ${end.signal ?? `exit code ${end.code}`}${peak}.`;
}

function printTimeline({ timeline, limitBytes, incident }, say) {
  const points = timeline.map(({ atMs, workingSetBytes }) => ({ atMs, value: workingSetBytes }));
  const marks = [];
  if (incident !== undefined) {
    marks.push({ atMs: incident.record.trigger.atMs, letter: 'I' });
    for (const { rung, atMs } of incident.record.captures)
      if (rung === 'snapshot') marks.push({ atMs, letter: 'S' });
  }
  for (const row of chart({
    points,
    lineValue: limitBytes,
    lineLabel: 'load line',
    format: formatBytes,
    marks,
  }))
    say(`  ${row}`);
  say('  I incident opened, S heap snapshot');
  say();
}

function printSnapshot({ folder, record, files }, say) {
  const snapshot = files.find(({ name }) => name.endsWith('.heapsnapshot'));
  if (snapshot !== undefined) {
    say('Open the snapshot: Chrome › DevTools (F12) › Memory › Load…');
    say(`  ${folder}/${snapshot.name}`);
  } else {
    const refusal = record.refusals.findLast(({ rung }) => rung === 'snapshot');
    say(`No heap snapshot was affordable: ${refusal?.reasons.join(' ') ?? 'none was tried.'}`);
    say('Open the allocation profile instead: Chrome › DevTools (F12) › Memory › Load…');
    say(`  ${folder}/allocation.heapprofile`);
  }
  say();
}
