'use strict';
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { run } = require('./scenario.cjs');

const folder = mkdtempSync(join(tmpdir(), 'modules-'));
void run((from, to) => {
  for (let id = from; id < to; id++) {
    const path = join(folder, `template-${id}.cjs`);
    writeFileSync(path, `module.exports = { render: () => ${JSON.stringify(`text ${id} `.repeat(60))} };`);
    require(path);
  }
}).finally(() => rmSync(folder, { recursive: true, force: true }));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
