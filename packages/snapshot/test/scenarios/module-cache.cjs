'use strict';
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { run } = require('./scenario.cjs');

const folder = mkdtempSync(path.join(tmpdir(), 'modules-'));
void run((from, to) => {
  for (let id = from; id < to; id++) {
    const file = path.join(folder, `template-${id}.cjs`);
    writeFileSync(file, `module.exports = { render: () => ${JSON.stringify(`text ${id} `.repeat(60))} };`);
    require(file);
  }
}).finally(() => rmSync(folder, { recursive: true, force: true }));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
