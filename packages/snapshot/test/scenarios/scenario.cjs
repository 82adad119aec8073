'use strict';
// Shared by the scenarios: `node <scenario>.cjs <count> <file> [<count> <file> …]` grows to each count and writes a snapshot there.
const { writeHeapSnapshot } = require('node:v8');

/** Runs `grow(count)` up to each requested size and writes a snapshot after each. */
exports.run = async function run(grow) {
  const steps = process.argv.slice(2);
  let reached = 0;
  for (let i = 0; i < steps.length; i += 2) {
    const target = Number(steps[i]);
    await grow(reached, target);
    reached = target;
    writeHeapSnapshot(steps[i + 1]);
  }
  process.exit(0);
};
