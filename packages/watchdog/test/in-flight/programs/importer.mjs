// A service whose import parses its whole body at once: node importer.mjs <incident folder>
import { createServer } from 'node:http';
import { nameRoute, start } from '@plimsoll/watchdog';

start({ incidentDir: process.argv[2], snapshot: 'off' });
const kept = [];
async function importRows(request, response) {
  nameRoute(request, '/import/:tenant');
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  kept.push(JSON.parse(Buffer.concat(chunks).toString()));
  response.end('ok');
}
const server = createServer((request, response) => void importRows(request, response));
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
