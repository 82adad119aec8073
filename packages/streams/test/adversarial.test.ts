import { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  collectJson,
  collectText,
  decompress,
  type Flow,
  parseJsonArray,
  parseJsonAt,
  parseNdjson,
  splitLines,
} from '../src/index.ts';
import { codeOf } from './pieces.ts';

const MAX_BYTES = 100_000;
const CHUNK_BYTES = 64 * 1024;

/** Everything that reads text, under one bound. The value is what came out, or the error. */
const readers = {
  splitLines: (source: AsyncIterable<Buffer>) => splitLines(source, { maxLineBytes: MAX_BYTES }).toArray(),
  parseNdjson: (source: AsyncIterable<Buffer>) =>
    parseNdjson(source, { maxLineBytes: MAX_BYTES, maxDepth: 1000 }).toArray(),
  parseJsonArray: (source: AsyncIterable<Buffer>) =>
    parseJsonArray(source, { maxElementBytes: MAX_BYTES }).toArray(),
  parseJsonAt: (source: AsyncIterable<Buffer>) =>
    parseJsonAt(wrapped(source), ['a'], { maxElementBytes: MAX_BYTES }).toArray(),
  collectText: (source: AsyncIterable<Buffer>) => collectText(source, { maxBytes: MAX_BYTES }),
  collectJson: (source: AsyncIterable<Buffer>) => collectJson(source, { maxBytes: MAX_BYTES }),
} as const;

type Reader = keyof typeof readers;

async function* wrapped(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield Buffer.from('{"a":');
  yield* source;
  yield Buffer.from('}');
}

/** `head`, then `filler` until `fillBytes` have come, then `tail`; counts what was taken and the most memory seen. */
class Hostile {
  givenBytes = 0;
  isEnded = false;
  mostBytes = 0;
  readonly #head: string | Buffer;
  readonly #filler: Buffer;
  readonly #fillBytes: number;
  readonly #tail: string;

  constructor(head: string | Buffer, filler: string, fillBytes: number, tail: string) {
    this.#head = head;
    this.#filler = Buffer.from(
      filler.repeat(Math.ceil(CHUNK_BYTES / Math.max(1, Buffer.byteLength(filler)))),
    );
    this.#fillBytes = fillBytes;
    this.#tail = tail;
  }

  async *chunks(): AsyncGenerator<Buffer> {
    try {
      yield Buffer.from(this.#head as string);
      for (let index = 0; this.givenBytes < this.#fillBytes; index++) {
        this.givenBytes += this.#filler.length;
        if (index % 100 === 0) {
          const { heapUsed, external } = process.memoryUsage();
          this.mostBytes = Math.max(this.mostBytes, heapUsed + external);
        }
        yield this.#filler;
      }
      yield Buffer.from(this.#tail);
    } finally {
      this.isEnded = true;
    }
  }
}

const none = 0;
const endless = Number.POSITIVE_INFINITY;
const LIMIT = 'ERR_PLIMSOLL_LIMIT';
const FORMAT = 'ERR_PLIMSOLL_FORMAT';

interface Case {
  readonly name: string;
  readonly head: string | Buffer;
  readonly filler?: string;
  readonly fillBytes?: number;
  readonly tail?: string;
  /** The outcome of each reader: an error's code, or what came out. */
  readonly expected: Readonly<Record<Reader, unknown>>;
}

const allOf = (outcome: unknown): Record<Reader, unknown> =>
  Object.fromEntries(Object.keys(readers).map((reader) => [reader, outcome])) as Record<Reader, unknown>;

const cases: readonly Case[] = [
  {
    name: 'an endless line',
    head: '"',
    filler: 'x',
    fillBytes: endless,
    expected: { ...allOf(LIMIT), parseJsonArray: FORMAT, parseJsonAt: FORMAT },
  },
  {
    name: 'an endless string in an array',
    head: '["',
    filler: 'x',
    fillBytes: endless,
    expected: allOf(LIMIT),
  },
  {
    name: 'an endless string of escapes',
    head: '["',
    filler: '\\"',
    fillBytes: endless,
    expected: allOf(LIMIT),
  },
  { name: 'an endless number', head: '[1', filler: '0', fillBytes: endless, expected: allOf(LIMIT) },
  { name: 'endless opening brackets', head: '[', filler: '[', fillBytes: endless, expected: allOf(LIMIT) },
  { name: 'endless opening objects', head: '[', filler: '{"a":', fillBytes: endless, expected: allOf(LIMIT) },
  {
    name: 'endless white space in an element',
    head: '[1',
    filler: ' ',
    fillBytes: endless,
    expected: allOf(LIMIT),
  },
  {
    name: 'endless NULs',
    head: '',
    filler: '\u0000',
    fillBytes: endless,
    expected: { ...allOf(LIMIT), parseJsonArray: FORMAT, parseJsonAt: FORMAT },
  },
  {
    name: 'a nesting of 49,999, closed',
    head: `${'['.repeat(49_999)}${']'.repeat(49_999)}\n`,
    expected: {
      ...allOf(LIMIT),
      splitLines: ['['.repeat(49_999) + ']'.repeat(49_999)],
      collectText: expect.any(String),
    },
  },
  {
    name: 'a number of 90,000 digits',
    head: `[${'1'.repeat(90_000)}]\n`,
    expected: {
      splitLines: expect.any(Array),
      parseNdjson: [[Infinity]],
      parseJsonArray: [Infinity],
      parseJsonAt: [Infinity],
      collectText: expect.any(String),
      collectJson: [Infinity],
    },
  },
  {
    name: 'a string of 90,000 characters',
    head: `["${'y'.repeat(90_000)}"]\n`,
    expected: {
      splitLines: expect.any(Array),
      parseNdjson: [['y'.repeat(90_000)]],
      parseJsonArray: ['y'.repeat(90_000)],
      parseJsonAt: ['y'.repeat(90_000)],
      collectText: expect.any(String),
      collectJson: ['y'.repeat(90_000)],
    },
  },
  {
    name: 'bytes that are not UTF-8',
    head: Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d, 0x0a]),
    expected: allOf(FORMAT),
  },
  {
    name: 'an overlong NUL',
    head: Buffer.from([0x5b, 0x22, 0xc0, 0x80, 0x22, 0x5d, 0x0a]),
    expected: allOf(FORMAT),
  },
  {
    name: 'half a surrogate pair in UTF-8',
    head: Buffer.from([0x5b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x5d, 0x0a]),
    expected: allOf(FORMAT),
  },
  {
    name: 'a character cut at the end',
    head: Buffer.from([0x5b, 0x22, 0xe2, 0x82]),
    expected: allOf(FORMAT),
  },
  { name: 'UTF-16', head: Buffer.from('\ufeff[1]\n', 'utf16le'), expected: allOf(FORMAT) },
  {
    name: 'two byte order marks',
    head: '\ufeff\ufeff[1]\n',
    expected: { ...allOf(FORMAT), splitLines: ['\ufeff[1]'], collectText: '\ufeff[1]\n' },
  },
  {
    name: 'a byte order mark',
    head: '\ufeff[1]\n',
    expected: {
      splitLines: ['[1]'],
      parseNdjson: [[1]],
      parseJsonArray: [1],
      parseJsonAt: FORMAT,
      collectText: '[1]\n',
      collectJson: [1],
    },
  },
  {
    name: 'CR, LF and CRLF mixed',
    head: '[1,\r\n2\r]\r\n',
    expected: {
      splitLines: ['[1,', '2\r]'],
      parseNdjson: FORMAT,
      parseJsonArray: [1, 2],
      parseJsonAt: [1, 2],
      collectText: '[1,\r\n2\r]\r\n',
      collectJson: [1, 2],
    },
  },
  {
    name: 'a NUL in a string',
    head: '["a\u0000b"]\n',
    expected: { ...allOf(FORMAT), splitLines: ['["a\u0000b"]'], collectText: '["a\u0000b"]\n' },
  },
  {
    name: 'concatenated values',
    head: '[1][2]\n',
    expected: { ...allOf(FORMAT), splitLines: ['[1][2]'], collectText: '[1][2]\n' },
  },
  {
    name: 'a truncated array',
    head: '[{"id":1},{"id":2',
    expected: { ...allOf(FORMAT), splitLines: expect.any(Array), collectText: expect.any(String) },
  },
  {
    name: 'nothing',
    head: '',
    expected: {
      splitLines: [],
      parseNdjson: [],
      parseJsonArray: FORMAT,
      parseJsonAt: FORMAT,
      collectText: '',
      collectJson: FORMAT,
    },
  },
];

describe.each(cases)('$name', ({ head, filler = '', fillBytes = none, tail = '', expected }) => {
  test.each(Object.keys(readers) as Reader[])('%s', async (reader) => {
    const hostile = new Hostile(head, filler, fillBytes, tail);
    const result = await readers[reader](hostile.chunks()).catch(
      (error: unknown) => (error as { code: string }).code,
    );
    expect(result).toEqual(expected[reader]);
    await setImmediate();
    // The source is ended, and no more was taken of it than the bound and the chunk that passed it.
    expect(hostile.isEnded).toBe(true);
    expect(hostile.givenBytes).toBeLessThanOrEqual(MAX_BYTES + 2 * CHUNK_BYTES);
  });
});

describe('a line of 600 MB between two short ones', () => {
  const big = (): Hostile => new Hostile('"first"\n"', 'x', 600_000_000, '"\n"last"\n');

  test.each([
    ['splitLines', ['"first"', '"last"']],
    ['parseNdjson', ['first', 'last']],
  ] as const)('%s leaves it out, reports it once, and holds less than 30 MB more', async (name, expected) => {
    const hostile = big();
    const before = process.memoryUsage();
    const reported: number[] = [];
    const options = {
      maxLineBytes: MAX_BYTES,
      badLines: 'skip-and-report',
      onBadLine: ({ lineNumber }: { lineNumber: number }) => reported.push(lineNumber),
    } as const;
    const read: Flow<unknown> =
      name === 'splitLines' ? splitLines(hostile.chunks(), options) : parseNdjson(hostile.chunks(), options);
    expect(await read.toArray()).toEqual(expected);
    expect(reported).toEqual([2]);
    expect(hostile.givenBytes).toBeGreaterThanOrEqual(600_000_000);
    expect(hostile.mostBytes - before.heapUsed - before.external).toBeLessThan(30_000_000);
  });

  test('parseJsonAt passes over a value of 600 MB beside its path, and holds less than 30 MB more', async () => {
    const hostile = new Hostile('{"junk":"', 'x', 600_000_000, '","a":[1,2]}');
    const before = process.memoryUsage();
    expect(await parseJsonAt(hostile.chunks(), ['a'], { maxElementBytes: MAX_BYTES }).toArray()).toEqual([
      1, 2,
    ]);
    expect(hostile.mostBytes - before.heapUsed - before.external).toBeLessThan(30_000_000);
  });
});

test('a nesting of 100,000 inside the bound of bytes: refused by maxDepth, and read where the caller allows it', async () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}\n`;
  const depthOf = (value: unknown): number => {
    let depth = 0;
    for (let next = value; Array.isArray(next); next = next[0]) depth += 1;
    return depth;
  };
  const array = { maxElementBytes: 1_000_000 };
  expect(await codeOf(parseJsonArray([deep], array).toArray())).toBe(LIMIT);
  expect(depthOf(await parseJsonArray([deep], { ...array, maxDepth: 100_000 }).toArray())).toBe(100_000);
  expect(await codeOf(parseNdjson([deep], { maxLineBytes: 1_000_000, maxDepth: 1000 }).toArray())).toBe(
    LIMIT,
  );
  expect(depthOf((await parseNdjson([deep], { maxLineBytes: 1_000_000 }).toArray())[0])).toBe(100_000);
});

describe.each([
  ['splitLines', '1\n', '1\n[2]\n"three"\n{"four":4}\n'],
  ['parseNdjson', '1\n', '1\n[2]\n"three"\n{"four":4}\n'],
  ['parseJsonArray', '1,', '[1,[2],"three",{"four":4}]'],
] as const)('%s', (name, filler, text) => {
  const open = (source: AsyncIterable<Buffer>, signal?: AbortSignal): Flow<unknown> => {
    if (name === 'parseJsonArray') return parseJsonArray(source, { maxElementBytes: MAX_BYTES, signal });
    const options = { maxLineBytes: MAX_BYTES, signal };
    return name === 'splitLines' ? splitLines(source, options) : parseNdjson(source, options);
  };

  test('a slow consumer takes one chunk of an endless source and no more, and ends it when it stops', async () => {
    const hostile = new Hostile(name === 'parseJsonArray' ? '[' : '', filler, endless, '');
    const flow = open(hostile.chunks());
    for (let count = 0; count < 1000; count++) {
      await flow.next();
      if (count % 100 === 0) await setImmediate();
    }
    expect(hostile.givenBytes).toBeLessThanOrEqual(2 * CHUNK_BYTES);
    await flow.return();
    expect(hostile.isEnded).toBe(true);
  });

  test('aborted after each of 60 steps of a source in pieces of one byte, it says so and the source is ended', async () => {
    for (let step = 0; step < 60; step++) {
      const controller = new AbortController();
      const source = new Readable({ read: () => undefined });
      const flow = open(source, controller.signal);
      const ending = codeOf(flow.toArray());
      for (let turn = 0; turn < step; turn++) {
        if (turn < text.length) source.push(text.slice(turn, turn + 1));
        await (turn % 3 === 0 ? setImmediate() : Promise.resolve());
      }
      controller.abort();
      expect([step, await ending, source.destroyed]).toEqual([step, 'ERR_PLIMSOLL_ABORTED', true]);
    }
  });
});

test('a decompression bomb inside the bound of its output is a line above the bound of its lines', async () => {
  const { gzipSync } = await import('node:zlib');
  const bomb = gzipSync(Buffer.alloc(50_000_000, 'x'));
  const lines = splitLines(decompress([bomb], { format: 'gzip', maxOutputBytes: 100_000_000 }), {
    maxLineBytes: MAX_BYTES,
  });
  expect(await codeOf(lines.toArray())).toBe(LIMIT);
});
