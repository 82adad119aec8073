'use strict';
const { run } = require('./scenario.cjs');

function watch(id) {
  const report = { id, lines: [`line one of ${id}`, `line two of ${id}`, `line three of ${id}`] };
  // Nobody keeps the handle, so nobody clears it.
  setInterval(() => report.lines.length, 3_600_000);
}
void run((from, to) => {
  for (let id = from; id < to; id++) watch(id);
});
