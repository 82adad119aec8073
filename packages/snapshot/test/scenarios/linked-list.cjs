'use strict';
const { run } = require('./scenario.cjs');

class Entry {
  constructor(id, next) {
    this.text = `entry ${id} in the log`;
    this.next = next;
  }
}
const log = { newest: null };
void run((from, to) => {
  for (let id = from; id < to; id++) log.newest = new Entry(id, log.newest);
});
