'use strict';
const { EventEmitter } = require('node:events');
const { run } = require('./scenario.cjs');

class PriceFeed extends EventEmitter {}
const feed = new PriceFeed().setMaxListeners(0);
class Subscriber {
  constructor(id) {
    this.label = `subscriber number ${id}`;
    this.history = [`first ${id}`, `second ${id}`, `third ${id}`];
    // The subscriber goes; its listener stays.
    feed.on('price', (price) => this.history.push(price));
  }
}
void run((from, to) => {
  for (let id = from; id < to; id++) void new Subscriber(id);
});
