// The matrix as lines and as a table, for people.

/** One cell. */
export function rowText(row) {
  const words = [row.scenario.padEnd(9), String(row.limitMib).padStart(4), `node ${row.major}`];
  if (row.contender !== 'plimsoll') words.push(row.contender.padEnd(17));
  if (row.refusal !== undefined) return [...words, `not run: ${row.refusal}`].join('  ');
  words.push(row.outcome.padEnd(8));
  if (row.contender !== 'plimsoll')
    return [
      ...words,
      `${row.snapshotCount} valid snapshots`,
      row.profile ? 'profile' : '',
      `peak ${row.peakRatio}`,
      ...row.faults,
    ].join('  ');
  const marks = [
    row.answer.toUpperCase().padEnd(7),
    `timeline ${row.timeline}`,
    row.trigger ?? 'no incident',
    (row.rungs ?? []).join('+'),
    row.finding ?? row.site ?? '',
    `peak ${row.peakRatio}`,
    row.killedInCapture ? 'KILLED IN CAPTURE' : '',
    row.faults.join('; '),
  ];
  return [...words, ...marks].filter((word) => word !== '').join('  ');
}

/** What the numbers ask of Plimsoll, and what the others left. */
export function printSummary(rows, wantedCount) {
  const ran = rows.filter(({ refusal }) => refusal === undefined);
  for (const contender of new Set(ran.map((row) => row.contender))) {
    const of = ran.filter((row) => row.contender === contender);
    const count = (test) => `${of.filter(test).length} of ${of.length}`;
    const text =
      contender === 'plimsoll'
        ? [
            `timeline ${count(({ timeline }) => timeline !== 'none')}`,
            `incident ${count(({ incidents }) => incidents > 0)}`,
            `profile ${count(({ profile }) => profile)}`,
            `named ${count(({ answer }) => answer === 'right')}`,
            `unknown ${count(({ answer }) => answer === 'unknown')}`,
            `wrong ${count(({ answer }) => answer === 'wrong')}`,
            `with a snapshot ${count(({ snapshotCount }) => snapshotCount > 0)}`,
            `killed during a capture ${count(({ killedInCapture }) => killedInCapture)}`,
            `truncated or empty files in ${count(({ faults }) => faults.length > 0)}`,
          ]
        : [
            `valid snapshot ${count(({ snapshotCount }) => snapshotCount > 0)}`,
            `profile ${count(({ profile }) => profile)}`,
            `truncated or empty files in ${count(({ faults }) => faults.length > 0)}`,
          ];
    process.stdout.write(`${contender}: ${text.join(', ')}\n`);
  }
  const later = wantedCount - rows.length;
  if (later > 0) process.stdout.write(`${later} cells are still to be run\n`);
}
