import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ReadableStream } from 'node:stream/web';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { heldBytes, listHolders } from '@plimsoll/memory';
import { describe, expect, test } from 'vitest';
import { batch, collectText, parseNdjson, stringifyNdjson, toDuplex, toTransform } from '../../src/index.ts';
import { codeOf, pieces } from '../pieces.ts';

const bounds = { maxLineBytes: 1000 };
const text = '{"a":1}\n{"a":2}\n{"a":3}\n';
const rows = [{ a: 1 }, { a: 2 }, { a: 3 }];

async function* splitFirst(source: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const chunk of source) {
    yield String(chunk).slice(0, 10);
    return;
  }
}

/** A source that tells whether it was ended. */
function watched(chunks: readonly (string | Buffer)[]): {
  source: AsyncIterable<string | Buffer>;
  isEnded: () => boolean;
} {
  let ended = false;
  async function* generate(): AsyncGenerator<string | Buffer> {
    try {
      yield* chunks;
    } finally {
      ended = true;
    }
  }
  return { source: generate(), isEnded: () => ended };
}

describe('sources', () => {
  test('a Node stream, a Web stream, an async iterable, an iterable, a chunk, text and an open file give the same rows', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-flow-'));
    const path = join(folder, 'rows.ndjson');
    writeFileSync(path, text);
    const file = await open(path);
    const promised = pieces(text, 4).map((piece) => Promise.resolve(piece));
    const sources = [
      Readable.from(pieces(text, 5)),
      new Response(text).body as unknown as ReadableStream<Uint8Array>,
      watched(pieces(text, 3)).source,
      pieces(text, 2),
      promised as unknown as Buffer[],
      Buffer.from(text),
      new TextEncoder().encode(text),
      new TextEncoder().encode(text).buffer,
      text,
      file,
    ];
    for (const source of sources) expect(await parseNdjson(source, bounds).toArray()).toEqual(rows);
    await file.close();
    rmSync(folder, { recursive: true });
  });

  test('a chunk that is an object ends the flow: the source is a stream of objects', async () => {
    await expect(parseNdjson([{} as string], bounds).toArray()).rejects.toThrow(/chunk of type object/);
  });

  test('a locked Web stream is refused', async () => {
    const { body } = new Response(text);
    body?.getReader();
    await expect(
      parseNdjson(body as unknown as ReadableStream<Uint8Array>, bounds).toArray(),
    ).rejects.toThrow(/is locked/);
  });
});

describe('forms', () => {
  test('as a Node stream, in a pipeline, and through pipe', async () => {
    const seen: unknown[] = [];
    const sink = (): Writable =>
      new Writable({
        objectMode: true,
        write: (row, _encoding, done) => {
          seen.push(row);
          done();
        },
      });
    await pipeline(parseNdjson(text, bounds).toNode(), sink());
    await pipeline(Readable.from(pieces(text, 5)), (source) => parseNdjson(source, bounds), sink());
    const piped = Readable.from(pieces(text, 5))
      .pipe(toDuplex((source) => parseNdjson(source, bounds)))
      .pipe(sink());
    await once(piped, 'finish');
    expect(seen).toEqual([...rows, ...rows, ...rows]);
  });

  test('as a Web stream, and through pipeThrough', async () => {
    const seen: unknown[] = [];
    for await (const row of parseNdjson(text, bounds).toWeb()) seen.push(row);
    const body = new Response(text).body as unknown as ReadableStream<Uint8Array>;
    for await (const row of body.pipeThrough(toTransform((source) => parseNdjson(source, bounds))))
      seen.push(row);
    expect(seen).toEqual([...rows, ...rows]);
  });

  test('a flow of bytes is the body of a Response', async () => {
    const body = stringifyNdjson(rows).toWeb();
    expect(await new Response(body as unknown as BodyInit).text()).toBe(text);
  });

  test('an error reaches the other end of a Node and of a Web pipe, and ends the source', async () => {
    const node = watched(['1\n', 'bad\n', '2\n']);
    const input = Readable.from(node.source);
    const broken = pipeline(
      input,
      toDuplex((source) => parseNdjson(source, bounds)),
      new PassThrough({ objectMode: true }).resume(),
    );
    expect(await codeOf(broken)).toBe('ERR_PLIMSOLL_FORMAT');
    await setImmediate();
    expect([input.destroyed, node.isEnded()]).toEqual([true, true]);
    const web = new Response('1\nbad\n').body as unknown as ReadableStream<Uint8Array>;
    expect(
      await codeOf(
        parseNdjson(web, bounds)
          .toWeb()
          .pipeTo(new WritableStream() as never),
      ),
    ).toBe('ERR_PLIMSOLL_FORMAT');
  });

  test('a Duplex whose flow ends early takes the rest and ends; one that is destroyed ends its flow; null is refused', async () => {
    const seen: unknown[] = [];
    const early = toDuplex((source) => batch(splitFirst(source), { maxBytes: 1000 }));
    await pipeline(
      Readable.from(Array.from({ length: 1000 }, () => Buffer.alloc(1000, 'x'))),
      early,
      new Writable({ objectMode: true, write: (row, _encoding, done) => (seen.push(row), done()) }),
    );
    expect(seen).toHaveLength(1);
    const { source, isEnded } = watched([text, text]);
    const input = Readable.from(source);
    const destroyed = input.pipe(toDuplex((bytes) => parseNdjson(bytes, bounds)));
    await once(destroyed, 'readable');
    destroyed.destroy();
    await once(destroyed, 'close');
    input.destroy();
    await setImmediate();
    expect(isEnded()).toBe(true);
    const withNull = pipeline(
      Readable.from(['null\n']),
      toDuplex((bytes) => parseNdjson(bytes, bounds)),
      new PassThrough({ objectMode: true }),
    );
    expect(await codeOf(withNull)).toBe('ERR_PLIMSOLL_FORMAT');
  });

  test('forEach waits for promises, and gives every row once, also after a wait', async () => {
    const seen: unknown[] = [];
    await parseNdjson<{ a: number }>(text, bounds).forEach((row) => {
      seen.push(row.a);
      return row.a === 2 ? setTimeout(5) : undefined;
    });
    expect(seen).toEqual([1, 2, 3]);
  });

  test('next called three times at once answers in order', async () => {
    const flow = parseNdjson(Readable.from(pieces(text, 3)), bounds);
    const answers = await Promise.all([flow.next(), flow.next(), flow.next(), flow.next()]);
    expect(answers.map(({ value }) => value)).toEqual([...rows, undefined]);
    expect(await flow.next()).toEqual({ done: true, value: undefined });
  });
});

describe('endings', () => {
  test('a consumer that stops ends the source: generator, Node stream, Web stream', async () => {
    const generator = watched(pieces(text, 9));
    for await (const row of parseNdjson(generator.source, bounds)) if (row !== undefined) break;
    expect(generator.isEnded()).toBe(true);
    const node = Readable.from(pieces(text, 9));
    for await (const row of parseNdjson(node, bounds)) if (row !== undefined) break;
    expect(node.destroyed).toBe(true);
    let reason: unknown = 'open';
    const web = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(Buffer.from(text)),
      cancel: (why) => void (reason = why),
    });
    for await (const row of parseNdjson(web, bounds)) if (row !== undefined) break;
    expect(reason).toBe(undefined);
  });

  test('destroying the Node form and cancelling the Web form end the source, also before the first read', async () => {
    for (const isRead of [false, true]) {
      const first = Readable.from(pieces(text, 9));
      const node = parseNdjson(first, bounds).toNode();
      if (isRead) await once(node, 'readable');
      node.destroy();
      await once(node, 'close');
      const second = Readable.from(pieces(text, 9));
      const web = parseNdjson(second, bounds).toWeb().getReader();
      if (isRead) await web.read();
      await web.cancel();
      expect([isRead, first.destroyed, second.destroyed]).toEqual([isRead, true, true]);
    }
  });

  test('a source that errors late: the rows before it are given out, then its own error, once', async () => {
    const late = new Error('late');
    async function* source(): AsyncGenerator<string> {
      yield '1\n2\n';
      await setImmediate();
      throw late;
    }
    for (const open of [source, () => Readable.from(source()), () => ReadableStream.from(source())]) {
      const flow = parseNdjson(open() as AsyncIterable<string>, bounds);
      expect(await flow.next()).toEqual({ done: false, value: 1 });
      expect(await flow.next()).toEqual({ done: false, value: 2 });
      await expect(flow.next()).rejects.toBe(late);
      expect(await flow.next()).toEqual({ done: true, value: undefined });
    }
  });

  test('a Node stream destroyed under the reader is an error and no end', async () => {
    const input = new PassThrough();
    input.write('1\n2');
    const flow = parseNdjson(input, bounds);
    expect(await flow.next()).toEqual({ done: false, value: 1 });
    input.destroy();
    expect(await codeOf(flow.next())).toBe('ERR_STREAM_PREMATURE_CLOSE');
  });

  test('a source that never answers does not hold up a consumer that leaves', async () => {
    const never: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return: () => new Promise(() => undefined),
      }),
    };
    const flow = parseNdjson(never, bounds);
    const waiting = flow.next();
    await flow.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  test('a source that hangs while closing does not hide the error', async () => {
    const hanging: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ done: false, value: 'bad\n' }),
        return: () => new Promise(() => undefined),
      }),
    };
    expect(await codeOf(parseNdjson(hanging, bounds).next())).toBe('ERR_PLIMSOLL_FORMAT');
  });
});

describe('abort', () => {
  const reason = new Error('the client went away');

  test('before the first read: the source is ended and the error has the reason as cause', async () => {
    const source = Readable.from(pieces(text, 9));
    const flow = parseNdjson(source, { ...bounds, signal: AbortSignal.abort(reason) });
    await expect(flow.next()).rejects.toMatchObject({ code: 'ERR_PLIMSOLL_ABORTED', cause: reason });
    expect(source.destroyed).toBe(true);
  });

  test('while waiting for a source that never answers', async () => {
    const controller = new AbortController();
    const source = new PassThrough();
    const flow = parseNdjson(source, { ...bounds, signal: controller.signal });
    const waiting = flow.next();
    await setImmediate();
    controller.abort(reason);
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_PLIMSOLL_ABORTED', cause: reason });
    expect(source.destroyed).toBe(true);
  });

  test('between two rows that are there already', async () => {
    const controller = new AbortController();
    const { source, isEnded } = watched([text]);
    const flow = parseNdjson(source, { ...bounds, signal: controller.signal });
    await flow.next();
    controller.abort(reason);
    expect(await codeOf(flow.next())).toBe('ERR_PLIMSOLL_ABORTED');
    expect(await flow.next()).toEqual({ done: true, value: undefined });
    await setImmediate();
    expect(isEnded()).toBe(true);
  });

  test('inside forEach, from the callback itself', async () => {
    const controller = new AbortController();
    const flow = parseNdjson(text, { ...bounds, signal: controller.signal });
    const seen: unknown[] = [];
    const work = flow.forEach((row) => {
      seen.push(row);
      controller.abort(reason);
    });
    expect(await codeOf(work)).toBe('ERR_PLIMSOLL_ABORTED');
    expect(seen).toEqual([rows[0]]);
  });

  test('after the end it changes nothing, and no listener is left', async () => {
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    expect(await parseNdjson(text, { ...bounds, signal }).toArray()).toEqual(rows);
    controller.abort(reason);
    expect(listeners).toBe(0);
  });

  test('a source without waits still lets a timer abort it', async () => {
    const signal = AbortSignal.timeout(60);
    function* endless(): Generator<string> {
      for (;;) yield '1\n'.repeat(1000);
    }
    expect(await codeOf(parseNdjson(endless(), { ...bounds, signal }).forEach(() => undefined))).toBe(
      'ERR_PLIMSOLL_ABORTED',
    );
  });
});

describe('holders', () => {
  test('what a flow holds is counted under its name while it is open, and gone at its end', async () => {
    const source = new PassThrough();
    const flow = parseNdjson(source, { maxLineBytes: 1_000_000, name: 'test.import' });
    source.write(`1\n"${'x'.repeat(100_000)}`);
    expect(await flow.next()).toEqual({ done: false, value: 1 });
    const waiting = flow.next();
    await setTimeout(10);
    expect(listHolders().find(({ name }) => name === 'test.import')?.bytes).toBeGreaterThanOrEqual(100_000);
    expect(flow.stats().heldBytes).toBeGreaterThanOrEqual(100_000);
    source.end('"\n');
    await waiting;
    await flow.return();
    expect(listHolders().some(({ name }) => name === 'test.import')).toBe(false);
  });

  test('10,000 concurrent small streams are one holder, all end, and nothing is left on the account', async () => {
    const before = heldBytes();
    let most = 0;
    const results = await Promise.all(
      Array.from({ length: 10_000 }, async (_, index) => {
        async function* source(): AsyncGenerator<string> {
          yield `{"index":${index}}\n{"ind`;
          await setImmediate();
          most = Math.max(most, listHolders().filter(({ name }) => name === 'test.small').length);
          yield `ex":${index}}\n`;
        }
        return parseNdjson<{ index: number }>(source(), { ...bounds, name: 'test.small' }).toArray();
      }),
    );
    expect(results.flat().length).toBe(20_000);
    expect(results.every(([first, second], index) => first?.index === index && second?.index === index)).toBe(
      true,
    );
    expect(most).toBe(1);
    expect(heldBytes()).toBe(before);
  });

  test('a flow nobody finished is taken off the account when it is collected', async () => {
    await (async () => {
      const flow = parseNdjson(new PassThrough().end(`1\n"${'x'.repeat(50_000)}`), {
        maxLineBytes: 100_000,
        name: 'test.left',
      });
      await flow.next();
    })();
    expect(listHolders().some(({ name }) => name === 'test.left')).toBe(true);
    for (let round = 0; round < 50 && listHolders().some(({ name }) => name === 'test.left'); round++) {
      (globalThis as unknown as { gc(): void }).gc();
      await setTimeout(10);
    }
    expect(listHolders().some(({ name }) => name === 'test.left')).toBe(false);
  });
});

test('flows chain: rows to batches to lines and back', async () => {
  const batches = batch(parseNdjson(text, bounds), { maxBytes: 1000, maxCount: 2, sizeOf: () => 10 });
  expect(await collectText(stringifyNdjson(batches), { maxBytes: 1000 })).toBe(
    '[{"a":1},{"a":2}]\n[{"a":3}]\n',
  );
});
