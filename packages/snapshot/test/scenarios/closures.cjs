'use strict';
const { run } = require('./scenario.cjs');

// Every replacement's context holds the one before: `unused` shares its context with `describe`.
let current = null;
function replace(id) {
  const original = current;
  const unused = () => original && original.describe();
  current = { text: `thing ${id} `.padEnd(90, String(id)), describe: () => `thing ${id}` };
  return unused;
}
void run((from, to) => {
  for (let id = from; id < to; id++) replace(id);
});
