'use strict';
// A service as it should be: a bounded cache, requests that come and go, listeners that are taken off again.
const { EventEmitter } = require('node:events');
const { run } = require('./scenario.cjs');

const cache = new Map();
const bus = new EventEmitter();
let served = 0;
async function serve(id) {
  const request = { id, path: `/items/${id}`, headers: [`host ${id}`, `agent ${id}`] };
  const listener = () => request.path;
  bus.on('tick', listener);
  if (cache.size >= 500) cache.delete(cache.keys().next().value);
  cache.set(`key ${id}`, { body: `body of ${id}` });
  await Promise.resolve();
  bus.off('tick', listener);
  served++;
  return served;
}
void run(async (from, to) => {
  for (let id = from; id < to; id++) await serve(id);
});
