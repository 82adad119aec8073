import { Buffer } from 'node:buffer';
import { formatFault, limitFault } from '../fault.ts';
import type { Flow } from '../flow/flow.ts';
import type { FlowOptions } from '../flow/flow-options.ts';
import { generatedFlow, type Workbench } from '../flow/generated-flow.ts';
import { checkBound } from '../option-check.ts';
import { type ItemSource, requireSource, type SourceReader } from '../source/source-reader.ts';

/** How {@link stringifyNdjson} writes. */
export interface StringifyNdjsonOptions extends FlowOptions {
  /**
   * Bytes of the longest line written. An item whose text is longer ends the flow; it never leaves half a line.
   * @default 16777216 (16 MiB)
   */
  readonly maxLineBytes?: number | undefined;
}

/** How {@link stringifyJsonArray} writes. */
export interface StringifyJsonArrayOptions extends FlowOptions {
  /**
   * Bytes of the largest element written. An item whose text is longer ends the flow.
   * @default 16777216 (16 MiB)
   */
  readonly maxElementBytes?: number | undefined;
}

const DEFAULTS = Object.freeze({ maxItemBytes: 16 * 1024 * 1024 });

/** Text gathered before it is given out as one Buffer. */
const CHUNK_CHARACTERS = 32 * 1024;

interface Punctuation {
  readonly before: string;
  readonly between: string;
  readonly after: string;
}

function textOf(item: unknown, index: number, option: string, maxItemBytes: number): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(item) as string | undefined;
  } catch (error) {
    if (!(error instanceof RangeError)) {
      throw formatFault(
        `Item ${index} has no JSON text: ${error instanceof TypeError && /circular/i.test(error.message) ? 'it holds itself' : 'JSON.stringify threw'}.`,
        { reason: 'not-json', itemIndex: index },
      );
    }
    // A text longer than a string of V8 can be, or a nesting deeper than its stack: larger than any bound that could be given.
    throw limitFault(`Item ${index}`, option, maxItemBytes, Number.POSITIVE_INFINITY, { itemIndex: index });
  }
  if (text === undefined) {
    throw formatFault(`Item ${index} is ${typeof item}, which has no JSON text.`, {
      reason: 'not-json',
      itemIndex: index,
    });
  }
  if (text.length * 3 > maxItemBytes) {
    const itemBytes = Buffer.byteLength(text);
    if (itemBytes > maxItemBytes)
      throw limitFault(`Item ${index}`, option, maxItemBytes, itemBytes, { itemIndex: index });
  }
  return text;
}

async function* written(
  bench: Workbench,
  items: SourceReader<unknown>,
  option: string,
  maxItemBytes: number,
  { before, between, after }: Punctuation,
): AsyncGenerator<Buffer, void, undefined> {
  let text = before;
  let index = 0;
  for (;;) {
    const { done, value } = await items.next();
    if (done === true) break;
    if (index > 0) text += between;
    text += textOf(value, index, option, maxItemBytes);
    index += 1;
    if (text.length < CHUNK_CHARACTERS) continue;
    const chunk = Buffer.from(text);
    text = '';
    bench.holding.bytes = chunk.length;
    yield chunk;
  }
  if (index > 0 || after !== '\n') text += after;
  if (text !== '') yield Buffer.from(text);
}

/**
 * Items as newline-delimited JSON, one a line, each line ended by `\n`, gathered into chunks of about 32 KiB.
 * @throws ERR_PLIMSOLL_OPTION at the call. While reading: ERR_PLIMSOLL_FORMAT for an item without JSON text (undefined, a function, a cycle, a BigInt),
 * ERR_PLIMSOLL_LIMIT for one above `maxLineBytes`; `details.itemIndex` says which.
 */
export function stringifyNdjson(
  items: ItemSource<unknown>,
  options: StringifyNdjsonOptions = {},
): Flow<Buffer> {
  const maxBytes = checkBound('maxLineBytes', options.maxLineBytes ?? DEFAULTS.maxItemBytes);
  requireSource(items);
  const marks = { before: '', between: '\n', after: '\n' };
  return generatedFlow(
    'stringifyNdjson',
    options,
    (bench) => written(bench, bench.openItems(items), 'maxLineBytes', maxBytes, marks),
    true,
  );
}

/**
 * Items as one JSON array. When the items end in an error the array is left without its closing bracket, so that a reader sees that it is incomplete.
 * @throws as {@link stringifyNdjson}, with `maxElementBytes`.
 */
export function stringifyJsonArray(
  items: ItemSource<unknown>,
  options: StringifyJsonArrayOptions = {},
): Flow<Buffer> {
  const maxBytes = checkBound('maxElementBytes', options.maxElementBytes ?? DEFAULTS.maxItemBytes);
  requireSource(items);
  const marks = { before: '[', between: ',', after: ']' };
  return generatedFlow(
    'stringifyJsonArray',
    options,
    (bench) => written(bench, bench.openItems(items), 'maxElementBytes', maxBytes, marks),
    true,
  );
}
