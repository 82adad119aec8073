// What memory and time the bounds really hold: an endless line, a stalled branch, and input without end.
import { Readable } from 'node:stream';
import { ours } from './ours.mjs';

const CHUNK = Buffer.alloc(64 * 1024, 'x');
const MIB = 1024 * 1024;

async function* repeated(chunk, bytes) {
  for (let given = 0; given < bytes; given += chunk.length) yield chunk;
}

async function outcomeOf(work) {
  try {
    await work;
    return 'took it';
  } catch (error) {
    return error.code ?? error.name;
  }
}

const drain = async (stream) => {
  for await (const item of stream) void item;
};

/** `bytes` without a newline. */
export const endless = {
  'plimsoll parseNdjson, 1 MiB a line': async (_path, bytes) => {
    const { parseNdjson } = await ours();
    return { outcome: await outcomeOf(parseNdjson(repeated(CHUNK, bytes), { maxLineBytes: MIB }).toArray()) };
  },
  'plimsoll parseNdjson, skip-and-report': async (_path, bytes) => {
    const { parseNdjson } = await ours();
    let reported = 0;
    const options = { maxLineBytes: MIB, badLines: 'skip-and-report', onBadLine: () => (reported += 1) };
    await parseNdjson(repeated(CHUNK, bytes), options).toArray();
    return { outcome: `reported ${reported}` };
  },
  split2: async (_path, bytes) => {
    const { default: split2 } = await import('split2');
    return { outcome: await outcomeOf(drain(Readable.from(repeated(CHUNK, bytes)).pipe(split2()))) };
  },
  'readline for await': async (_path, bytes) => {
    const { createInterface } = await import('node:readline');
    return {
      outcome: await outcomeOf(drain(createInterface({ input: Readable.from(repeated(CHUNK, bytes)) }))),
    };
  },
};

/** A Node stream of chunks of which each is its own memory: the same one repeated would cost nothing to keep. */
function distinct(bytes) {
  async function* chunks() {
    for (let given = 0; given < bytes; given += CHUNK.length) yield Buffer.from(CHUNK);
  }
  return Readable.from(chunks(), { highWaterMark: 1 });
}

/** One branch is read to its end, the other never. */
export const tee = {
  'no tee: one reader (control)': async (_path, bytes) => {
    let taken = 0;
    for await (const chunk of distinct(bytes)) taken += chunk.length;
    return { outcome: `${Math.round(taken / MIB)} MiB read` };
  },
  ...Object.fromEntries(
    ['drop', 'spill', 'error', 'wait'].map((onLag) => [
      `plimsoll ${onLag}, 16 MiB`,
      async (_path, bytes) => {
        const { teeBounded } = await ours();
        const options = { maxLagBytes: 16 * MIB, onLag, maxDiskBytes: 2 * bytes, maxWaitMs: 200 };
        const source = distinct(bytes);
        const [fast, slow] = teeBounded(source, options);
        let taken = 0;
        await fast.forEach((chunk) => void (taken += chunk.length));
        await slow.return();
        return { outcome: `${Math.round(taken / MIB)} MiB read` };
      },
    ]),
  ),
  'ReadableStream.tee()': async (_path, bytes) => {
    let given = 0;
    const source = new ReadableStream({
      pull(controller) {
        controller.enqueue(Buffer.from(CHUNK));
        given += CHUNK.length;
        if (given >= bytes) controller.close();
      },
    });
    const [fast] = source.tee();
    let taken = 0;
    for await (const chunk of fast) taken += chunk.length;
    return { outcome: `${Math.round(taken / MIB)} MiB read` };
  },
};

/** `bytes` of generated records through a reader: memory must not go by the length. */
export const flat = Object.fromEntries(
  ['parseNdjson', 'parseJsonArray', 'splitLines'].map((helper) => [
    helper,
    async (_path, bytes) => {
      const streams = await ours();
      const isArray = helper === 'parseJsonArray';
      const line = `{"id":1,"text":"${'y'.repeat(200)}"}`;
      const block = Buffer.from(`${line}${isArray ? ',' : '\n'}`.repeat(300));
      async function* source() {
        if (isArray) yield Buffer.from('[');
        yield* repeated(block, bytes);
        if (isArray) yield Buffer.from(`${line}]`);
      }
      let count = 0;
      const bounds = { maxLineBytes: MIB, maxElementBytes: MIB };
      await streams[helper](source(), bounds).forEach(() => (count += 1));
      return { count, outcome: 'read' };
    },
  ]),
);
