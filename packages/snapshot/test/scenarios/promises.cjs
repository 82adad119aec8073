'use strict';
const { run } = require('./scenario.cjs');

// Waits for a connection that never comes; every waiter adds a reaction to the one promise.
const connected = new Promise(() => {});
async function query(id) {
  const request = { id, text: `select ${id} `.padEnd(80, String(id)) };
  await connected;
  return request;
}
void run((from, to) => {
  for (let id = from; id < to; id++) void query(id);
});
