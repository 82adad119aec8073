// The partner of fetch.mjs, in a container of its own: answers everything with 64 kB. Prints its address.
import { createServer } from 'node:http';

const body = Buffer.alloc(64_000, 120);
const server = createServer((request, response) => response.end(body));
server.listen(0, '127.0.0.1', 4096, () =>
  process.stdout.write(`http://127.0.0.1:${server.address().port}/\n`),
);
