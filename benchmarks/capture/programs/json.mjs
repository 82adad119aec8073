// A service that is asked, after four quiet seconds, to parse one request body far too large for it: `node json.mjs <MB of text>`. The death is inside one builtin.
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { keepWithinBound } from './innocent.mjs';

const bodyBytes = Number(process.argv[2] ?? 60) * 1e6;

async function importOrders(incoming, response) {
  const chunks = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const orders = JSON.parse(Buffer.concat(chunks).toString('latin1'));
  response.end(String(orders.length));
}

const server = createServer((incoming, response) => {
  if (incoming.url === '/health') response.end('ok');
  else void importOrders(incoming, response);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
setInterval(() => keepWithinBound(200), 20);

const order = (id) => `{"id":${id},"lines":[{"sku":"a${id}","count":1},{"sku":"b${id}","count":2}]},`;
const page = Array.from({ length: 500 }, (_, index) => order(index)).join('');
const pageCount = Math.ceil(bodyBytes / page.length);

setTimeout(() => {
  const upload = request({
    port: server.address().port,
    host: '127.0.0.1',
    method: 'POST',
    path: '/orders/import?customer=jane',
    headers: { 'content-length': pageCount * page.length + 4 },
  });
  upload.on('response', (response) => response.resume().on('end', () => process.exit(0)));
  upload.on('error', () => {});
  upload.write('[');
  const send = (left) => {
    if (left === 0) upload.end('{}]');
    else if (upload.write(page)) setImmediate(send, left - 1);
    else upload.once('drain', () => send(left - 1));
  };
  send(pageCount);
}, 4000);
