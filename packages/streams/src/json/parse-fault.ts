/** What `JSON.parse` said about a text, without the piece of the text that its messages quote. */
export interface ParseFault {
  /** In words, without data: `expected ',' or '}' after property value at column 16`. */
  readonly message: string;
  /** The text is the beginning of a JSON text and ends too early. */
  readonly truncated: boolean;
}

/** Describes the error `JSON.parse(text)` threw. V8's messages either name a position and no data, or quote the data: those are replaced. */
export function describeParseFault(error: unknown, text: string): ParseFault {
  const said = error instanceof Error ? error.message : '';
  const found = /at position (\d+)/.exec(said);
  const position = found === null ? undefined : Number(found[1]);
  const endsEarly =
    said.startsWith('Unexpected end of JSON input') ||
    said.startsWith('Unterminated string') ||
    (position !== undefined && position >= text.trimEnd().length);
  if (endsEarly) return { message: 'it ends before the JSON text is complete', truncated: true };
  const quotesData = position === undefined || said.startsWith('Unexpected token');
  const what = quotesData
    ? 'unexpected character'
    : lowerFirst(
        said.replace(/ in JSON at position .*$/s, '').replace(/ after JSON at .*$/s, ' after the value'),
      );
  const where = position === undefined ? '' : ` at column ${position + 1}`;
  return { message: `${what}${where}`, truncated: false };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
