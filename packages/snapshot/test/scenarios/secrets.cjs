'use strict';
// Everything a redaction must not leave: values of all kinds, keys of dictionaries, WeakMap entries, escapes.
const { writeHeapSnapshot } = require('node:v8');

const mark = process.argv[3];
class Account {
  constructor(id) {
    this.email = `${mark}-mail-${id}@example.com`;
    this.token = Buffer.from(`${mark}-token-${id}`).toString('latin1');
    this.joined = `${mark}-a-${id}`.concat(`/${mark}-b-${id}`);
    this.sliced = `${'-'.repeat(40)}${mark}-sliced-${id}${'-'.repeat(40)}`.slice(30, 30 + mark.length + 24);
  }
}
const accounts = new Map();
const byEmail = {};
const seen = new WeakMap();
const kept = { accounts, byEmail, seen, list: [] };
for (let id = 0; id < 200; id++) {
  const account = new Account(id);
  accounts.set(`${mark}-map-key-${id}`, account);
  byEmail[`${mark}-key-${id}@example.com`] = account;
  seen.set(account, `${mark}-weak-value-${id}`);
}
const few = { [`${mark}-few/1`]: 1, [`${mark} few 2`]: {} };
kept.list.push(
  few,
  `quote " backslash \\ newline \n ${mark}-escaped é \u2028`,
  Symbol(`${mark}-symbol`),
  new RegExp(`${mark}-regexp`),
);
kept.list.push(new Error(`${mark}-error`), new URL(`https://example.com/${mark}-url?q=${mark}`), new Date());
kept.list.push({ code: { [`${mark}-nested-key-1`]: { note: `${mark}-nested` } } });
setInterval(() => kept.list.length, 1e9);
exports.kept = kept;
writeHeapSnapshot(process.argv[2]);
process.exit(0);
