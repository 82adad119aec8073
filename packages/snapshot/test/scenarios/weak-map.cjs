'use strict';
const { run } = require('./scenario.cjs');

class Connection {
  constructor(id) {
    this.peer = `10.0.0.${id}`;
  }
}
// "Weak, so it cannot leak" – but the keys are kept for statistics.
const details = new WeakMap();
const everConnected = [];
function accept(id) {
  const connection = new Connection(id);
  details.set(connection, { headers: [`host of ${id}`, `agent of ${id}`], body: `body ${id} `.repeat(10) });
  everConnected.push(connection);
}
void run((from, to) => {
  for (let id = from; id < to; id++) accept(id);
});
