// A service that keeps a small record of everything it is asked and forgets none, with as much passing garbage: pure JavaScript, no Buffers.
const { createServer } = require('node:http');

const kept = [];
let count = 0;

function handleSome() {
  for (let turn = 0; turn < 1500; turn += 1) {
    count += 1;
    const record = {
      id: count,
      name: `customer ${count}`,
      tags: ['a', 'b', String(count % 97)],
      at: { x: count, y: count * 2 },
    };
    kept.push(JSON.parse(JSON.stringify(record)));
    JSON.stringify({ record, copy: [record, record] });
  }
}

const server = createServer((request, response) => response.end(String(kept.length)));
server.listen(0, () => {
  const timer = setInterval(handleSome, 1);
  process.once('SIGTERM', () => {
    clearInterval(timer);
    server.close();
  });
});
