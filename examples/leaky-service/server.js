// A small shop: people log in, look at products, and never log out.
import { createServer } from 'node:http';
import { readProduct } from './product-cache.js';
import { addSession, findSession, sessionCount } from './session-store.js';

const port = Number(process.env.PORT ?? 0);

const server = createServer((request, response) => void answer(request, response));

async function answer(request, response) {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  try {
    if (request.method === 'POST' && pathname === '/login') {
      const { user } = JSON.parse(await readBody(request));
      return reply(response, 201, { token: addSession(String(user)).token });
    }
    if (pathname.startsWith('/products/')) {
      const session = findSession(request.headers.authorization ?? '');
      const product = await readProduct(pathname.slice('/products/'.length));
      session?.seen.push(product.id);
      return reply(response, 200, product);
    }
    if (pathname === '/health') return reply(response, 200, { sessions: sessionCount() });
    return reply(response, 404, { error: 'not found' });
  } catch (error) {
    return reply(response, 400, { error: error instanceof Error ? error.message : 'bad request' });
  }
}

async function readBody(request) {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > 10_000) throw new Error('a login is at most 10 kB');
  }
  return text;
}

function reply(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

server.listen(port, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`listening on ${typeof address === 'object' ? address?.port : address}\n`);
});

process.once('SIGTERM', () => server.close(() => process.exit(0)));
