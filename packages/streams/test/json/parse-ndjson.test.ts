import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BadLine, parseNdjson } from '../../src/index.ts';
import { outcome, pieces } from '../pieces.ts';
import { jsonTexts } from './json-texts.ts';

const bounds = { maxLineBytes: 1000 };

describe('rows', () => {
  test('gives back any rows, with LF or CRLF, with or without a last newline and mark, in pieces of any length', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.jsonValue().filter((value) => typeof value !== 'number'),
          { maxLength: 10 },
        ),
        fc.integer({ min: 1, max: 50 }),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.boolean(),
        async (rows, pieceBytes, newline, isEnded, isMarked) => {
          const lines = rows.map((row) => JSON.stringify(row)).join(newline);
          const text = `${isMarked ? '\ufeff' : ''}${lines}${isEnded ? newline : ''}`;
          const expected = JSON.parse(JSON.stringify(rows)) as unknown[];
          expect(await outcome(parseNdjson(pieces(text, pieceBytes), { maxLineBytes: 100_000 }))).toEqual(
            expected,
          );
        },
      ),
      { numRuns: 400 },
    );
  });

  test(`takes as a line what JSON.parse takes, on ${jsonTexts.length} hand-written texts without newlines`, async () => {
    for (const text of jsonTexts.filter((each) => !each.includes('\n') && each.trim() !== '')) {
      let expected: unknown = 'refused';
      try {
        expected = [JSON.parse(text)];
      } catch {
        // Not JSON: refused.
      }
      const result = await outcome(parseNdjson(pieces(`${text}\n`, 3), bounds));
      const shown =
        typeof result === 'string' && result.startsWith('ERR_PLIMSOLL_FORMAT') ? 'refused' : result;
      expect([text, shown]).toEqual([text, expected]);
    }
  });

  test('null is a row, empty lines are none, and lines count from 1 with them', async () => {
    expect(await outcome(parseNdjson(['null\n\n \t\r\n[]\n\n'], bounds))).toEqual([null, []]);
    const bad: BadLine[] = [];
    const flow = parseNdjson(['1\n\n\r\nx\n2\n'], {
      ...bounds,
      badLines: 'skip-and-report',
      onBadLine: (line) => bad.push(line),
    });
    expect(await flow.toArray()).toEqual([1, 2]);
    expect(bad).toEqual([
      { lineNumber: 4, byteOffset: 5, lineBytes: 1, reason: 'syntax', message: 'unexpected character' },
    ]);
    expect(flow.stats()).toMatchObject({ itemCount: 2, skippedCount: 1, readBytes: 9 });
  });

  test('line number and byte offset are right after characters of 1 to 4 bytes, in pieces of any length', async () => {
    const text = '"a"\n"é€😀"\n"😀😀"\nbad\n"é"\nworse\n';
    const offsets = [
      Buffer.byteLength('"a"\n"é€😀"\n"😀😀"\n'),
      Buffer.byteLength('"a"\n"é€😀"\n"😀😀"\nbad\n"é"\n'),
    ];
    for (let pieceBytes = 1; pieceBytes < 60; pieceBytes++) {
      const bad: BadLine[] = [];
      const options = {
        ...bounds,
        badLines: 'skip-and-report',
        onBadLine: (line: BadLine) => bad.push(line),
      } as const;
      await parseNdjson(pieces(text, pieceBytes), options).toArray();
      expect(bad.map(({ lineNumber, byteOffset, lineBytes }) => [lineNumber, byteOffset, lineBytes])).toEqual(
        [
          [4, offsets[0], 3],
          [6, offsets[1], 5],
        ],
      );
    }
  });
});

describe('bad lines', () => {
  test('two values on a line, and lines made to fit between brackets, are refused', async () => {
    for (const text of ['1 2\n', '1],[2\n', '{}{}\n', '1,\n', '[1\n]\n']) {
      expect(await outcome(parseNdjson([text], bounds))).toMatch(/^ERR_PLIMSOLL_FORMAT/);
    }
  });

  test('an input cut at any byte is an error that says truncated, except where a line ends', async () => {
    const text =
      '{"a":[1,"é\\n"],"b":tr\u00fce}\n'.replace('tr\u00fce', 'true') + '[false,null,1.5]\n"last"\n';
    const whole = Buffer.from(text);
    for (let cut = 1; cut < whole.length; cut++) {
      const result = await outcome(parseNdjson(pieces(whole.subarray(0, cut), 7), bounds));
      const isComplete = whole[cut] === 10 || whole[cut - 1] === 10;
      const isInCharacter = ((whole[cut] as number) & 0xc0) === 0x80;
      if (isComplete) expect([cut, result]).toEqual([cut, expect.any(Array)]);
      else
        expect([cut, result]).toEqual([cut, `ERR_PLIMSOLL_FORMAT ${isInCharacter ? 'utf8' : 'truncated'}`]);
    }
  });

  test('a bare number without a newline at the end is refused: 12 may be the beginning of 123', async () => {
    expect(await outcome(parseNdjson(['1\n12'], bounds))).toBe('ERR_PLIMSOLL_FORMAT truncated');
    expect(await outcome(parseNdjson(['1\n12\n'], bounds))).toEqual([1, 12]);
    expect(await outcome(parseNdjson(['1\n"12"'], bounds))).toEqual([1, '12']);
  });

  test('a line of 1000 bytes passes a bound of 1000 and not one of 999, also of characters of 3 bytes', async () => {
    for (const character of ['x', '€']) {
      const line = `"${character.repeat(998 / Buffer.byteLength(character))}${character === 'x' ? '' : 'xx'}"`;
      expect(Buffer.byteLength(line)).toBe(1000);
      for (const pieceBytes of [1, 64, 5000]) {
        const text = `1\n${line}\n2\n`;
        expect(await outcome(parseNdjson(pieces(text, pieceBytes), { maxLineBytes: 1000 }))).toHaveLength(3);
        expect(await outcome(parseNdjson(pieces(text, pieceBytes), { maxLineBytes: 999 }))).toBe(
          'ERR_PLIMSOLL_LIMIT too-long',
        );
      }
    }
  });

  test('skip-and-report goes on after lines too long, not UTF-8, truncated, nested too deep and with __proto__', async () => {
    const bad: BadLine[] = [];
    const text = Buffer.concat([
      Buffer.from(`1\n"${'x'.repeat(2000)}"\n2\n"`),
      Buffer.from([0xff]),
      Buffer.from('"\n3\n[[[[1]]]]\n4\n{"__proto__":1}\n5\n{"a'),
    ]);
    const flow = parseNdjson(pieces(text, 50), {
      ...bounds,
      maxDepth: 3,
      protoKeys: 'reject',
      badLines: 'skip-and-report',
      onBadLine: (line) => bad.push(line),
    });
    expect(await flow.toArray()).toEqual([1, 2, 3, 4, 5]);
    expect(bad.map(({ lineNumber, reason }) => [lineNumber, reason])).toEqual([
      [2, 'too-long'],
      [4, 'utf8'],
      [6, 'too-deep'],
      [8, 'proto-key'],
      [10, 'truncated'],
    ]);
  });

  test('a run of lines of which every second is not UTF-8 costs time in proportion: 20,000 of them', async () => {
    let badCount = 0;
    const text = Buffer.concat(Array.from({ length: 20_000 }, () => Buffer.from([0x31, 10, 0xff, 10])));
    const rows = await parseNdjson([text], {
      ...bounds,
      badLines: 'skip-and-report',
      onBadLine: () => (badCount += 1),
    }).toArray();
    expect([rows.length, badCount]).toEqual([20_000, 20_000]);
  });

  test('skip-and-report without onBadLine is refused at the call: nothing is lost in silence', () => {
    expect(() => parseNdjson([], { ...bounds, badLines: 'skip-and-report' })).toThrow(
      /^onBadLine is "undefined"/,
    );
  });

  test('what onBadLine throws ends the flow and the source', async () => {
    const stop = new Error('enough');
    const flow = parseNdjson(['x\n'], {
      ...bounds,
      badLines: 'skip-and-report',
      onBadLine: () => {
        throw stop;
      },
    });
    await expect(flow.toArray()).rejects.toBe(stop);
  });

  test('the error names line and byte and holds no data', async () => {
    const error = await parseNdjson(['1\n{"password": hunter2}\n'], bounds)
      .toArray()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'ERR_PLIMSOLL_FORMAT',
      details: { lineNumber: 2, byteOffset: 2, lineBytes: 21, reason: 'syntax' },
    });
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toMatch(/password|hunter/);
    expect((error as Error).cause).toBeUndefined();
  });
});
