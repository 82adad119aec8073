// A service that keeps something small for everything it is asked and forgets nothing, with as much passing garbage: pure JavaScript, no Buffers.
// node allocating-service.cjs records (parsed JSON in an array) | sessions (objects in a Map by name)
const { createServer } = require('node:http');

const records = [];
const sessions = new Map();
let count = 0;

function keepRecord() {
  const record = {
    id: count,
    name: `customer ${count}`,
    tags: ['a', 'b', String(count % 97)],
    at: { x: count, y: count * 2 },
  };
  records.push(JSON.parse(JSON.stringify(record)));
  JSON.stringify({ record, copy: [record, record] });
}

function keepSession() {
  sessions.set(`session-${count}`, {
    user: `u${count}`,
    at: count,
    cart: [count, count + 1, { pieces: 1 }],
    seen: new Date(count),
  });
  JSON.stringify([count, count, count]);
}

const keep = process.argv[2] === 'sessions' ? keepSession : keepRecord;

const server = createServer((request, response) => response.end(String(count)));
server.listen(0, () => {
  const timer = setInterval(() => {
    for (let turn = 0; turn < 1500; turn += 1) {
      count += 1;
      keep();
    }
  }, 1);
  process.once('SIGTERM', () => {
    clearInterval(timer);
    server.close();
  });
});
