// Every way to read the inputs. Each answers { count, sum } of the ids: a contender that loses or invents a record is seen.
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { ours, oursUrl } from './ours.mjs';

const maxLineBytes = 1024 * 1024;

class Tally {
  count = 0;
  sum = 0;
  add = (row) => {
    this.count += 1;
    this.sum += row.id;
  };
}

async function each(rows) {
  const tally = new Tally();
  for await (const row of rows) tally.add(row);
  return tally;
}

async function piped(stream, pick = (row) => row) {
  const tally = new Tally();
  await new Promise((resolve, reject) => {
    stream
      .on('data', (row) => tally.add(pick(row)))
      .on('end', resolve)
      .on('error', reject);
  });
  return tally;
}

/** What a contender imports. */
export function modulesOf(name) {
  if (name.startsWith('stream-json')) {
    return ['stream-json', 'stream-json/streamers/stream-array.js', 'stream-chain'];
  }
  if (name.startsWith('stream-chain')) return ['stream-chain/jsonl/parserStream.js'];
  if (name.includes('http')) return ['node:http', ...(name.startsWith('plimsoll') ? [oursUrl] : [])];
  if (['split2', 'ndjson', 'JSONStream'].includes(name)) return [name];
  return /^(plimsoll|parse|split|no tee)/.test(name) ? [oursUrl] : [];
}

/** JSON.parse of lines that are strings already: what no reader of text can beat. A working set of 20 MB, repeated. */
async function limit(path, bytes) {
  const file = await open(path);
  const buffer = Buffer.alloc(20e6);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
  await file.close();
  const text = buffer.toString('latin1', 0, bytesRead);
  const lines = text
    .slice(0, text.lastIndexOf('\n'))
    .split('\n')
    .map((line) => Buffer.from(line).toString('latin1'));
  const tally = new Tally();
  const cpu = process.cpuUsage();
  for (let done = 0; done < bytes;) {
    for (let index = 0; index < lines.length && done < bytes; index += 1) {
      tally.add(JSON.parse(lines[index]));
      done += lines[index].length + 1;
    }
  }
  const { user, system } = process.cpuUsage(cpu);
  return { cpu: (user + system) / 1e6 };
}

async function handled(path, read) {
  const file = await open(path);
  const result = await read(file);
  await file.close();
  return result;
}

/** The answer of a server in a process of its own, so that only the reading of it is measured. */
async function served(path, read) {
  const { get } = await import('node:http');
  const script = `require('node:http').createServer((_, response) => require('node:fs').createReadStream(process.argv[1]).pipe(response))
    .listen(0, '127.0.0.1', function () { console.log(this.address().port); });`;
  const server = spawn(process.execPath, ['-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = Number(await new Promise((resolve) => server.stdout.once('data', resolve)));
  try {
    const cpu = process.cpuUsage();
    const body = await new Promise((resolve, reject) =>
      get({ port, host: '127.0.0.1' }, resolve).on('error', reject),
    );
    const tally = await read(body);
    const { user, system } = process.cpuUsage(cpu);
    return { count: tally.count, sum: tally.sum, cpu: (user + system) / 1e6 };
  } finally {
    server.kill();
  }
}

export const ndjson = {
  'JSON.parse only (limit)': limit,
  'JSON.parse only (A/A control)': limit,
  'plimsoll, FileHandle, forEach': async (path) => {
    const { parseNdjson } = await ours();
    const tally = new Tally();
    await handled(path, (file) => parseNdjson(file, { maxLineBytes }).forEach(tally.add));
    return tally;
  },
  'plimsoll, FileHandle, for await': async (path) => {
    const { parseNdjson } = await ours();
    return handled(path, (file) => each(parseNdjson(file, { maxLineBytes })));
  },
  'plimsoll, ReadStream, forEach': async (path) => {
    const { parseNdjson } = await ours();
    const tally = new Tally();
    await parseNdjson(createReadStream(path), { maxLineBytes }).forEach(tally.add);
    return tally;
  },
  'plimsoll, ReadStream, for await': async (path) => {
    const { parseNdjson } = await ours();
    return each(parseNdjson(createReadStream(path), { maxLineBytes }));
  },
  'plimsoll, ReadStream, toNode': async (path) => {
    const { parseNdjson } = await ours();
    return piped(parseNdjson(createReadStream(path), { maxLineBytes }).toNode());
  },
  'http body, bytes only': (path) =>
    served(path, async (body) => {
      for await (const chunk of body) void chunk;
      return { count: 0, sum: 0 };
    }),
  'plimsoll, http body, forEach': (path) =>
    served(path, async (body) => {
      const { parseNdjson } = await ours();
      const tally = new Tally();
      await parseNdjson(body, { maxLineBytes }).forEach(tally.add);
      return tally;
    }),
  'split2, http body': (path) =>
    served(path, async (body) => {
      const { default: split2 } = await import('split2');
      return piped(body.pipe(split2(JSON.parse)));
    }),
  split2: async (path) => {
    const { default: split2 } = await import('split2');
    return piped(createReadStream(path).pipe(split2(JSON.parse)));
  },
  ndjson: async (path) => {
    const { default: peer } = await import('ndjson');
    return piped(createReadStream(path).pipe(peer.parse()));
  },
  "readline on('line')": async (path) => {
    const tally = new Tally();
    const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
    lines.on('line', (line) => tally.add(JSON.parse(line)));
    await new Promise((resolve) => lines.on('close', resolve));
    return tally;
  },
  'readline for await': async (path) => {
    const tally = new Tally();
    const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
    for await (const line of lines) tally.add(JSON.parse(line));
    return tally;
  },
  'stream-chain jsonl': async (path) => {
    const { default: parserStream } = await import('stream-chain/jsonl/parserStream.js');
    return piped(createReadStream(path).pipe(parserStream()), ({ value }) => value);
  },
  'TextDecoderStream and split': async (path) => {
    const tally = new Tally();
    let rest = '';
    for await (const text of Readable.toWeb(createReadStream(path)).pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) tally.add(JSON.parse(line));
    }
    return tally;
  },
};

export const array = {
  'plimsoll, FileHandle, forEach': async (path) => {
    const { parseJsonArray } = await ours();
    const tally = new Tally();
    await handled(path, (file) => parseJsonArray(file, { maxElementBytes: maxLineBytes }).forEach(tally.add));
    return tally;
  },
  'plimsoll, ReadStream, forEach': async (path) => {
    const { parseJsonArray } = await ours();
    const tally = new Tally();
    await parseJsonArray(createReadStream(path), { maxElementBytes: maxLineBytes }).forEach(tally.add);
    return tally;
  },
  'plimsoll, ReadStream, for await': async (path) => {
    const { parseJsonArray } = await ours();
    return each(parseJsonArray(createReadStream(path), { maxElementBytes: maxLineBytes }));
  },
  'plimsoll once more (A/A control)': async (path) => {
    const { parseJsonArray } = await ours();
    return each(parseJsonArray(createReadStream(path), { maxElementBytes: maxLineBytes }));
  },
  'stream-json': async (path) => {
    const { parser } = await import('stream-json');
    const { streamArray } = await import('stream-json/streamers/stream-array.js');
    const { default: chain } = await import('stream-chain');
    return piped(
      chain([createReadStream(path), parser({ streamValues: false }), streamArray()]),
      ({ value }) => value,
    );
  },
  JSONStream: async (path) => {
    const { default: JSONStream } = await import('JSONStream');
    return piped(createReadStream(path).pipe(JSONStream.parse('*')));
  },
  'JSON.parse of the whole file': async (path) => {
    const tally = new Tally();
    for (const row of JSON.parse(await readFile(path, 'utf8'))) tally.add(row);
    return tally;
  },
};
