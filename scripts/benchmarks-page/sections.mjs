// What a result needs beside its tables: a sentence, a matrix, a picture. A result without a section here is shown by its tables alone.
import { barChart } from './bar-chart.mjs';
import { table } from './table.mjs';

const percent = (part, whole) => `${((100 * part) / Math.max(1, whole)).toFixed(whole >= 200 ? 1 : 0)} %`;
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Each: the result to `{ text, charts? }`; `charts` are SVG by file name. */
export const sections = {
  capture: ({ cells }) => {
    const ours = cells.filter(({ contender, refusal }) => contender === 'plimsoll' && refusal === undefined);
    const count = (test) => ours.filter(test).length;
    const sentence = `Of ${ours.length} deaths ${count(({ timeline }) => timeline !== 'none')} left their timeline, ${count(({ incidents }) => incidents > 0)} an incident, ${count(({ profile }) => profile)} a profile. What leaked was named in ${count(({ answer }) => answer === 'right')}, nothing in ${count(({ answer }) => answer === 'unknown' || answer === 'none')}, something else in ${count(({ answer }) => answer === 'wrong')}; ${count(({ killedInCapture }) => killedInCapture)} were killed during a capture, ${count(({ faults }) => faults.length > 0)} left a file that was empty or cut off.`;
    const legend =
      '`named`: the leaking variable, line or process. `unknown`: evidence that names nothing. `–`: not run. After it: how it ended (V8 = 134, kernel = 137).';
    return { text: [sentence, legend, ...capturesByLimit(ours), ...peerTable(cells)].join('\n\n') };
  },
  autopsy: ({ summaries, rows }) => {
    const leaking = rows.filter(({ isLeaking }) => isLeaking);
    const right = leaking.filter(({ verdict }) => verdict === 'right').length;
    const wrong = rows.filter(({ verdict }) => verdict === 'WRONG').length;
    const majors = summaries.map(({ major }) => major);
    const programs = [...new Set(rows.map(({ name }) => name))].map((program) => ({
      program,
      ...Object.fromEntries(
        majors.map((major) => [
          `Node ${major}`,
          rows.find((row) => row.name === program && row.major === major)?.verdict,
        ]),
      ),
    }));
    const sentence = `The leaking variable was named first in ${right} of ${leaking.length} deaths (${percent(right, leaking.length)}), an innocent one in ${wrong} of ${rows.length} lives.`;
    return { text: [sentence, table(summaries), table(programs)].join('\n\n') };
  },
  detection: ({ kinds, falseCount, earlyCount, leaks, secondLives }) => {
    const lives = kinds.reduce((sum, kind) => sum + kind.lives, 0);
    const snapshots = (rows) => rows.filter(({ snapshotCount }) => snapshotCount > 0).length;
    const sentence = `${falseCount} of ${lives} healthy lives were captured for nothing. ${earlyCount} of ${leaks.length} leaks (${percent(earlyCount, leaks.length)}) were seen below 70 % of the limit they would have died of. A heap snapshot could be afforded of ${snapshots(leaks)}; in the next life, which knows of the death, of ${snapshots(secondLives)}.`;
    const steps = Array.from({ length: 10 }, (_, index) => index / 10);
    const bars = steps.map((from) => ({
      label: `${Math.round(from * 100)}–${Math.round(from * 100) + 10} %`,
      value: leaks.filter(({ usedRatio }) => usedRatio >= from && (usedRatio < from + 0.1 || from === 0.9))
        .length,
    }));
    const chart = barChart({
      title: 'How full it was when the leak was seen',
      unit: `leaks of ${leaks.length}`,
      bars,
    });
    return {
      text: `${sentence}\n\n![When leaks are seen](benchmarks/detection.svg)\n\n${table(kinds)}`,
      charts: { 'detection.svg': chart },
    };
  },
  'cache-hit-ratio': ({ summary, worst }) => {
    const [name, means] = Object.entries(summary)[0];
    const bars = Object.entries(means).map(([label, value]) => ({
      label,
      value,
      series: label === 'Plimsoll' ? 'Plimsoll' : 'others',
    }));
    const rows = Object.entries(means).map(([policy]) => ({
      policy,
      ...Object.fromEntries(Object.entries(summary).map(([title, one]) => [title, one[policy]])),
    }));
    const sentence = `Worst against LRU: ${worst.points.toFixed(1)} points (${worst.trace}, ${worst.entries} entries).`;
    return {
      text: `${sentence}\n\n![Hit ratios](benchmarks/cache-hit-ratio.svg)\n\n${table(rows)}`,
      charts: { 'cache-hit-ratio.svg': barChart({ title: `Hit ratio, ${name}`, unit: '%', bars }) },
    };
  },
  'snapshot-cost': (rows) => {
    const over = rows.filter(({ faults }) => faults.length > 0).length;
    const ratios = rows.map(({ expectedBytes, peakBytes }) => expectedBytes / peakBytes);
    const mib = (bytes) => Math.round(bytes / 2 ** 20);
    const shown = rows.filter(({ heapUsedBytes }) => heapUsedBytes > 30 * 2 ** 20);
    const bars = shown.map(({ node, shape, peakBytes, upperBytes }) => ({
      label: `${shape}, ${node.split('.')[0]}`,
      value: mib(peakBytes),
      mark: mib(upperBytes),
      series: `Node ${node.split('.')[0]}`,
    }));
    const columns = rows.map((row) => ({
      node: row.node,
      shape: row.shape,
      'heap MiB': mib(row.heapUsedBytes),
      'peak MiB': mib(row.peakBytes),
      expected: mib(row.expectedBytes),
      'upper bound': mib(row.upperBytes),
      'CPU ms': Math.round(row.cpuMs),
      'expected ms': row.expectedPauseMs,
      'file MiB': mib(row.fileBytes),
    }));
    const sentence = `${rows.length} snapshots: expected peak ÷ real peak ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}, median ${median(ratios).toFixed(2)}; ${over} above a bound or not whole. A snapshot is refused by its upper bound.`;
    return {
      text: `${sentence}\n\n![Peaks and bounds](benchmarks/snapshot-cost.svg)\n\n${table(columns)}`,
      charts: {
        'snapshot-cost.svg': barChart({
          title: 'Memory a snapshot of a heap of 40 MiB takes at its peak',
          unit: 'MiB',
          markName: 'predicted upper bound',
          bars,
        }),
      },
    };
  },
};

const endings = { SIGABRT: 'V8', SIGKILL: 'kernel' };

function capturesByLimit(cells) {
  const limits = [...new Set(cells.map(({ limitMib }) => limitMib))].sort((a, b) => a - b);
  const majors = [...new Set(cells.map(({ major }) => major))].sort((a, b) => a - b);
  const scenarios = [...new Set(cells.map(({ scenario }) => scenario))];
  const words = { right: 'named', wrong: '**wrong**' };
  return limits.flatMap((limitMib) => {
    const rows = scenarios.map((scenario) => {
      const of = (major) =>
        cells.filter(
          (cell) => cell.scenario === scenario && cell.limitMib === limitMib && cell.major === major,
        );
      const text = (major) =>
        of(major)
          .map(
            ({ answer, timeline, outcome }) =>
              `${words[answer] ?? (answer === 'none' ? `timeline ${timeline}` : answer)}, ${endings[outcome] ?? outcome}`,
          )
          .join('; ') || '–';
      return { scenario, ...Object.fromEntries(majors.map((major) => [`Node ${major}`, text(major)])) };
    });
    return [`### ${limitMib} MiB`, table(rows)];
  });
}

function peerTable(cells) {
  const peers = [...new Set(cells.map(({ contender }) => contender))].filter((name) => name !== 'plimsoll');
  const rows = ['plimsoll', ...peers].map((contender) => {
    const ran = cells.filter((cell) => cell.contender === contender && cell.refusal === undefined);
    const count = (test) => `${ran.filter(test).length} of ${ran.length}`;
    return {
      contender,
      'valid heap snapshot': count(({ snapshotCount }) => snapshotCount > 0),
      profile: count(({ profile }) => profile),
      'empty or cut off file': count(({ faults }) => faults.length > 0),
      'killed by the kernel': count(({ outcome }) => outcome === 'SIGKILL'),
    };
  });
  return peers.length === 0 ? [] : ['### Beside other tools', table(rows)];
}
