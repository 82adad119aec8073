import { Buffer } from 'node:buffer';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { collectBytes, compress, type CompressionFormat, decompress } from '../../src/index.ts';
import { codeOf, outcome, pieces } from '../pieces.ts';

const all = { maxBytes: 100_000_000 };
const text = Buffer.from(Array.from({ length: 50_000 }, (_, at) => (at * at) % 251));
const reference: Record<CompressionFormat, (bytes: Buffer) => Buffer> = {
  gzip: gzipSync,
  deflate: deflateSync,
  'deflate-raw': deflateRawSync,
  br: brotliCompressSync,
};
const formats = Object.keys(reference) as CompressionFormat[];

describe.each(formats)('%s', (format) => {
  test('what is compressed is decompressed, in pieces of 1, 100 and 50,000 bytes', async () => {
    for (const pieceBytes of [1, 100, 50_000]) {
      const packed = compress(pieces(text.subarray(0, pieceBytes * 2000), pieceBytes), {
        format,
        maxOutputBytes: 100_000,
      });
      const bytes = await collectBytes(packed, all);
      const unpacked = decompress(pieces(bytes, pieceBytes), { format, maxOutputBytes: 50_000 });
      expect((await collectBytes(unpacked, all)).equals(text.subarray(0, pieceBytes * 2000))).toBe(true);
    }
  });

  test('a bomb of 64 MiB in some kilobytes stops at 1 MiB, and its source is destroyed', async () => {
    const source = Readable.from(pieces(reference[format](Buffer.alloc(64 * 1024 * 1024)), 16));
    let most = 0;
    const reading = decompress(source, { format, maxOutputBytes: 1024 * 1024 }).forEach(
      ({ length }) => (most += length),
    );
    await expect(reading).rejects.toMatchObject({
      code: 'ERR_PLIMSOLL_LIMIT',
      statusCode: 413,
      details: { option: 'maxOutputBytes' },
    });
    expect(most).toBeLessThanOrEqual(1024 * 1024);
    await setImmediate();
    expect(source.destroyed).toBe(true);
  });

  test('data cut at any byte is an error that says truncated', async () => {
    const packed = reference[format](Buffer.from('a small document, a small document'));
    for (let cut = 0; cut < packed.length; cut++) {
      const result = await outcome(decompress([packed.subarray(0, cut)], { format, maxOutputBytes: 1000 }));
      expect([cut, result]).toEqual([cut, 'ERR_PLIMSOLL_FORMAT truncated']);
    }
  });

  test('what follows the end is an error, and not passed over', async () => {
    const packed = Buffer.concat([reference[format](Buffer.from('document')), Buffer.from('garbage')]);
    expect(await outcome(decompress([packed], { format, maxOutputBytes: 1000 }))).toMatch(
      /^ERR_PLIMSOLL_FORMAT (more-after-end|syntax)$/,
    );
  });

  test('compression is bounded, too', async () => {
    const noise = Readable.from(
      pieces(Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * 2_654_435_761) >>> 24)), 1000),
    );
    expect(await codeOf(compress(noise, { format, maxOutputBytes: 100 }).toArray())).toBe(
      'ERR_PLIMSOLL_LIMIT',
    );
  });

  test('the error of the source comes through unchanged, and the signal ends a source that never answers', async () => {
    async function* failing(): AsyncGenerator<Buffer> {
      yield reference[format](text).subarray(0, 10);
      await setImmediate();
      throw new Error('socket gone');
    }
    await expect(decompress(failing(), { format, maxOutputBytes: 1000 }).toArray()).rejects.toThrow(
      'socket gone',
    );
    const source = new PassThrough();
    const flow = decompress(source, { format, maxOutputBytes: 1000, signal: AbortSignal.timeout(10) });
    expect(await codeOf(flow.toArray())).toBe('ERR_PLIMSOLL_ABORTED');
    expect(source.destroyed).toBe(true);
  });
});

test('a consumer that leaves in the middle ends engine and source', async () => {
  const source = Readable.from(pieces(gzipSync(text), 10));
  for await (const chunk of decompress(source, { format: 'gzip', maxOutputBytes: 100_000 }))
    if (chunk.length > 0) break;
  expect(source.destroyed).toBe(true);
});

test('gzip of several members is one text, as gzip has it', async () => {
  const packed = Buffer.concat([gzipSync('one '), gzipSync('two')]);
  expect(String(await collectBytes(decompress([packed], { format: 'gzip', maxOutputBytes: 100 }), all))).toBe(
    'one two',
  );
});

test('a format that is none is refused at the call', () => {
  expect(() => decompress([], { format: 'zstd' as 'gzip', maxOutputBytes: 1 })).toThrow(
    /^format is "zstd"; expected one of gzip, deflate, deflate-raw, br/,
  );
});
