'use strict';
const { run } = require('./scenario.cjs');

class Job {
  constructor(id) {
    this.payload = `payload of job ${id}`;
  }
}
const inFlight = new Set();
function submit(id) {
  const job = new Job(id);
  const done = new Promise(() => {}).finally(() => inFlight.delete(done) && job);
  inFlight.add(done);
}
void run((from, to) => {
  for (let id = from; id < to; id++) submit(id);
});
