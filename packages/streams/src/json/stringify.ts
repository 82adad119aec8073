import { Buffer } from 'node:buffer';
import { formatFault, limitFault } from '../fault.ts';
import type { Flow } from '../flow/flow.ts';
import type { FlowOptions } from '../flow/flow-options.ts';
import { generatedFlow, type Workbench } from '../flow/generated-flow.ts';
import { LoopTurn } from '../flow/loop-turn.ts';
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
  /** After each item. */
  readonly behind: string;
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
  { before, between, behind, after }: Punctuation,
): AsyncGenerator<Buffer, void, undefined> {
  const turn = new LoopTurn();
  bench.onClose(() => turn.end());
  let text = before;
  const chunk = (): Buffer => {
    const bytes = Buffer.from(text);
    text = '';
    bench.holding.bytes = bytes.length;
    return bytes;
  };
  for (let index = 0; ; index++) {
    const next = items.next();
    // A source that makes wait must not hold back what is written, or the reader of a live stream sees nothing for minutes.
    if (index > 0 && text !== '' && !(await turn.holds(next))) yield chunk();
    let result: IteratorResult<unknown, undefined>;
    try {
      result = await next;
      if (result.done === true) break;
      const item = textOf(result.value, index, option, maxItemBytes);
      text += index > 0 ? between + item + behind : item + behind;
    } catch (error) {
      // What was written before has come whole: it is given out first.
      if (text !== '') yield chunk();
      throw error;
    }
    if (text.length >= CHUNK_CHARACTERS) yield chunk();
  }
  text += after;
  if (text !== '') yield chunk();
}

/**
 * Items as newline-delimited JSON, one a line, each line ended by `\n`, gathered into chunks of about 32 KiB, or of
 * what there is when the next item is not there yet.
 * @throws ERR_PLIMSOLL_OPTION at the call. While reading: ERR_PLIMSOLL_FORMAT for an item without JSON text (undefined, a function, a cycle, a BigInt),
 * ERR_PLIMSOLL_LIMIT for one above `maxLineBytes`; `details.itemIndex` says which.
 */
export function stringifyNdjson(
  items: ItemSource<unknown>,
  options: StringifyNdjsonOptions = {},
): Flow<Buffer> {
  const maxBytes = checkBound('maxLineBytes', options.maxLineBytes ?? DEFAULTS.maxItemBytes);
  requireSource(items);
  const marks = { before: '', between: '', behind: '\n', after: '' };
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
  const marks = { before: '[', between: ',', behind: '', after: ']' };
  return generatedFlow(
    'stringifyJsonArray',
    options,
    (bench) => written(bench, bench.openItems(items), 'maxElementBytes', maxBytes, marks),
    true,
  );
}
