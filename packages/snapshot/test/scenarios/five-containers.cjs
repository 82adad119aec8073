'use strict';
// One Express service that leaks through five containers: a Map, an Array, a plain object, listeners and pending promises.
const express = require('express');
const http = require('node:http');
const { EventEmitter } = require('node:events');
const { run } = require('./scenario.cjs');
const { open } = require('./session-store.cjs');

class Bus extends EventEmitter {}
const bus = new Bus();
bus.setMaxListeners(0);
const audit = [];
const cache = Object.create(null);
const pendings = [];

const app = express();
app.get('/items/:id', (request, response) => {
  const id = Number(request.params.id);
  const session = open(id);
  audit.push({ at: Date.now(), path: `/items/${id}`, agent: `agent ${id}` });
  if (id % 3 === 0) cache[`/items/${id}?page=${id % 7}`] = { body: `body of ${id}`, session };
  if (id % 5 === 0) bus.on('flush', () => session.cart.length);
  if (id % 4 === 0) pendings.push(new Promise(() => session.id));
  response.json({ ok: true });
});

const server = http.createServer(app).listen(0, '127.0.0.1', () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  const get = (id) =>
    new Promise((resolve, reject) => {
      const options = { port: server.address().port, path: `/items/${id}`, agent };
      http.get(options, (response) => response.resume().on('end', resolve)).on('error', reject);
    });
  void run(async (from, to) => {
    let next = from;
    const worker = async () => {
      while (next < to) await get(next++);
    };
    await Promise.all(Array.from({ length: 8 }, worker));
  });
});
