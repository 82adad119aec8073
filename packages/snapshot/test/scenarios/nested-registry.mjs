import { createRequire } from 'node:module';

const { run } = createRequire(import.meta.url)('./scenario.cjs');

class Span {
  constructor(id) {
    this.name = `span ${id}`;
    this.tags = { route: `/route/${id}`, status: `status ${id}` };
  }
}
class Tracer {
  buffer = { spans: [] };
  start(id) {
    this.buffer.spans.push(new Span(id));
  }
}
const tracer = new Tracer();
void run((from, to) => {
  for (let id = from; id < to; id++) tracer.start(id);
});
