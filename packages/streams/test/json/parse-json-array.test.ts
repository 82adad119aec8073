import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJsonArray, parseJsonAt } from '../../src/index.ts';
import { outcome, pieces } from '../pieces.ts';
import { jsonTexts } from './json-texts.ts';

const bounds = { maxElementBytes: 10_000 };

function reference(text: string): unknown[] | 'refused' {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : 'refused';
  } catch {
    return 'refused';
  }
}

/** The elements, or `refused`; an error of another kind than the format's shows as itself. */
async function read(text: string, pieceBytes: number): Promise<unknown> {
  const result = await outcome(parseJsonArray(pieces(text, pieceBytes), bounds));
  return typeof result === 'string' && result.startsWith('ERR_PLIMSOLL_FORMAT') ? 'refused' : result;
}

describe('parity with JSON.parse', () => {
  test(`accepts and refuses what JSON.parse does on ${jsonTexts.length} hand-written texts, in pieces of 1, 2, 3, 7 and 1000 bytes`, async () => {
    const accepted = jsonTexts.filter((text) => reference(text) !== 'refused');
    expect(jsonTexts.length).toBeGreaterThan(250);
    expect(accepted.length).toBeGreaterThan(80);
    for (const text of jsonTexts) {
      for (const pieceBytes of [1, 2, 3, 7, 1000]) {
        expect([text, pieceBytes, await read(text, pieceBytes)]).toEqual([text, pieceBytes, reference(text)]);
      }
    }
  });

  test('gives back any array of JSON values, element by element, pretty or not, in pieces of any length', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue(), { maxLength: 12 }),
        fc.integer({ min: 1, max: 64 }),
        fc.constantFrom(undefined, 1, '\t'),
        async (values, pieceBytes, indent) => {
          const text = JSON.stringify(values, undefined, indent);
          expect(await read(text, pieceBytes)).toEqual(JSON.parse(text));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('gives back strings of up to 300 characters full of quotes, backslashes and brackets, in pieces of any length', async () => {
    const hostile = fc.string({
      unit: fc.constantFrom('"', '\\', 'x', ',', ']', '[', '{', '}', 'é', '\n'),
      maxLength: 300,
      size: 'max',
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(hostile, { maxLength: 4 }),
        fc.integer({ min: 1, max: 400 }),
        async (values, pieceBytes) => {
          expect(await read(JSON.stringify(values), pieceBytes)).toEqual(values);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('agrees with JSON.parse on 1,500 texts with one byte changed, removed or added', async () => {
    const alphabet = '[]{},:"\\ 0123456789-+.eEtrufalsn\n\tx\u0000'.split('');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 5 }),
        fc.nat(),
        fc.constantFrom(...alphabet),
        fc.constantFrom(0, 1),
        fc.constantFrom('', 'put'),
        fc.integer({ min: 1, max: 20 }),
        async (values, place, character, removed, put, pieceBytes) => {
          const text = JSON.stringify(values);
          const at = place % (text.length + 1);
          const changed = text.slice(0, at) + (put === '' ? '' : character) + text.slice(at + removed);
          // Half a surrogate pair has no bytes: what JSON.parse would see is not what was sent.
          fc.pre(Buffer.from(changed).toString() === changed);
          expect(await read(changed, pieceBytes)).toEqual(reference(changed));
        },
      ),
      { numRuns: 1500 },
    );
  });

  test('a document cut at any byte is an error that says truncated, in pieces of 1, 5 and 1000 bytes', async () => {
    const text = Buffer.from(
      '\ufeff [ {"a":[1,-2.5e+3,"x\\u0041\\\\\\"é",true,false,null,{"b":{}}]}, 12, "]" ]',
    );
    for (const pieceBytes of [1, 5, 1000]) {
      expect((await outcome(parseJsonArray(pieces(text, pieceBytes), bounds))).length).toBe(3);
      for (let cut = 0; cut < text.length; cut++) {
        const result = await outcome(parseJsonArray(pieces(text.subarray(0, cut), pieceBytes), bounds));
        expect([cut, result]).toEqual([cut, 'ERR_PLIMSOLL_FORMAT truncated']);
      }
    }
  });
});

describe('bounds', () => {
  test('an element of 100 bytes passes a bound of 100 and not one of 99, whole or in pieces of 7', async () => {
    const text = `[1,"${'x'.repeat(98)}"]`;
    for (const pieceBytes of [7, 1000]) {
      expect(await outcome(parseJsonArray(pieces(text, pieceBytes), { maxElementBytes: 100 }))).toHaveLength(
        2,
      );
      expect(await outcome(parseJsonArray(pieces(text, pieceBytes), { maxElementBytes: 99 }))).toBe(
        'ERR_PLIMSOLL_LIMIT',
      );
    }
  });

  test('a nesting of 5 passes maxDepth 5 and not 4; brackets in strings do not count', async () => {
    const text = '[1, [[[[["[[[[[["]]]]]]';
    expect(await outcome(parseJsonArray([text], { ...bounds, maxDepth: 5 }))).toHaveLength(2);
    expect(await outcome(parseJsonArray([text], { ...bounds, maxDepth: 4 }))).toBe('ERR_PLIMSOLL_LIMIT');
  });

  test('elements before a bad one are given out, and the error names its index and byte and holds no data', async () => {
    const seen: unknown[] = [];
    let error: unknown;
    try {
      for await (const value of parseJsonArray(['[1, 2, {"secret": hunter2}, 4]'], bounds)) seen.push(value);
    } catch (thrown) {
      error = thrown;
    }
    expect(seen).toEqual([1, 2]);
    expect(error).toMatchObject({
      code: 'ERR_PLIMSOLL_FORMAT',
      statusCode: 400,
      details: { elementIndex: 2, byteOffset: 7 },
    });
    expect(`${String(error)} ${JSON.stringify((error as { details: unknown }).details)}`).not.toMatch(
      /secret|hunter/,
    );
  });

  test('bytes that are not UTF-8 are refused, also split between two pieces', async () => {
    for (const bad of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80]]) {
      const text = Buffer.concat([Buffer.from('["é", "'), Buffer.from(bad), Buffer.from('"]')]);
      for (const pieceBytes of [1, 2, 100]) {
        expect(await outcome(parseJsonArray(pieces(text, pieceBytes), bounds))).toBe(
          'ERR_PLIMSOLL_FORMAT utf8',
        );
      }
    }
  });

  test('__proto__ is an own property, or refused when asked, also written with escapes', async () => {
    const text = '[{"__proto__":{"polluted":1}}]';
    const [element] = await parseJsonArray<object>([text], bounds).toArray();
    expect(Object.getPrototypeOf(element)).toBe(Object.prototype);
    expect(Object.keys(element as object)).toEqual(['__proto__']);
    for (const hidden of [text, '[{"a":[{"\\u005f_proto__":1}]}]']) {
      expect(await outcome(parseJsonArray([hidden], { ...bounds, protoKeys: 'reject' }))).toBe(
        'ERR_PLIMSOLL_FORMAT proto-key',
      );
    }
    expect(
      await outcome(parseJsonArray(['[{"a":"__proto__ \\u005f"}]'], { ...bounds, protoKeys: 'reject' })),
    ).toHaveLength(1);
  });

  test.each([
    [{ maxElementBytes: 0 }, 'maxElementBytes'],
    [{ maxElementBytes: 1, maxDepth: -1 }, 'maxDepth'],
    [{ maxElementBytes: 1, protoKeys: 'drop' as 'keep' }, 'protoKeys'],
  ])('%o is refused at the call, by name', (options, named) => {
    expect(() => parseJsonArray([], options)).toThrow(new RegExp(`^${named} is `));
  });

  test('a source that is none is refused at the call', () => {
    expect(() => parseJsonArray(undefined as unknown as string, bounds)).toThrow(/^The source is undefined/);
  });
});

describe('parseJsonAt', () => {
  const document =
    '{"m":{"items":[9],"s":"]}\\""},"data":{"n":[1,{"x":"}"}],"items":[1,{"a":2},"x"],"z":null},"y":[[1],[2,3]]}';

  test.each([
    [
      ['data', 'items'],
      [1, { a: 2 }, 'x'],
    ],
    [['m', 'items'], [9]],
    [['y'], [[1], [2, 3]]],
    [
      ['y', 1],
      [2, 3],
    ],
  ])('%j leads to its elements, in pieces of any length', async (path, elements) => {
    for (let pieceBytes = 1; pieceBytes < 40; pieceBytes++) {
      expect(await outcome(parseJsonAt(pieces(document, pieceBytes), path, bounds))).toEqual(elements);
    }
  });

  test('a document cut at any byte is an error that says truncated, also after the last element', async () => {
    for (let cut = 0; cut < document.length; cut++) {
      const result = await outcome(parseJsonAt([document.slice(0, cut)], ['data', 'items'], bounds));
      expect([cut, result]).toEqual([cut, 'ERR_PLIMSOLL_FORMAT truncated']);
    }
  });

  test.each([
    ['{"a":1}', ['b'], 'missing'],
    ['[]', [0], 'missing'],
    ['[[1]]', [1], 'missing'],
    ['{"a":{"b":1}}', ['a'], 'syntax'],
    ['{"a":[1],"a":[2]}', ['a'], 'duplicate-key'],
    ['{"a":[1],"\\u0061":[2]}', ['a'], 'duplicate-key'],
    ['{"a":[1],}', ['a'], 'syntax'],
    ['{"a":[1] "b":2}', ['a'], 'syntax'],
    ['{"a":[1]}x', ['a'], 'more-after-end'],
    ['{"b":,"a":[1]}', ['a'], 'syntax'],
    ['{a:[1]}', ['a'], 'syntax'],
    ['[1]', ['a'], 'syntax'],
  ])('%s at %j is refused as %s', async (text, path, reason) => {
    for (const pieceBytes of [1, 3, 100]) {
      expect(await outcome(parseJsonAt(pieces(text, pieceBytes), path, bounds))).toBe(
        `ERR_PLIMSOLL_FORMAT ${reason}`,
      );
    }
  });

  test('a key that is not UTF-8 is refused, and not taken for the one it looks like', async () => {
    const text = Buffer.concat([
      Buffer.from('{"a'),
      Buffer.from([0xff]),
      Buffer.from('":[1],"a\ufffd":[2]}'),
    ]);
    expect(await outcome(parseJsonAt([text], ['a\ufffd'], bounds))).toBe('ERR_PLIMSOLL_FORMAT syntax');
  });

  test('a key of 500,000 escaped quotes is read in time proportional to it, whole or in pieces', async () => {
    const key = '\\"'.repeat(500_000);
    for (const pieceBytes of [333, 2_000_000]) {
      const text = `{"${key}":0,"a":[1]}`;
      expect(
        await outcome(parseJsonAt(pieces(text, pieceBytes), ['a'], { maxElementBytes: 2_000_000 })),
      ).toEqual([1]);
    }
  });

  test('a key longer than maxElementBytes is refused before it is kept', async () => {
    expect(await outcome(parseJsonAt([`{"${'k'.repeat(200)}":1}`], ['a'], { maxElementBytes: 100 }))).toBe(
      'ERR_PLIMSOLL_LIMIT',
    );
  });

  test('a path that is no list of keys and indexes is refused at the call', () => {
    expect(() => parseJsonAt([], [-1], bounds)).toThrow(/^path is not an array of keys and indexes/);
  });
});
