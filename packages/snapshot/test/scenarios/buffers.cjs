'use strict';
const { run } = require('./scenario.cjs');

const uploads = new Map();
void run((from, to) => {
  for (let id = from; id < to; id++) uploads.set(`upload ${id}`, Buffer.allocUnsafeSlow(2_000).fill(id));
});
