const quote = 0x22;
const backslash = 0x5c;

/** Decodes the JSON string whose content starts at `start`; longer ones than `limit` allows are cut and marked. */
export function decodeString(bytes: Buffer, start: number, limit: number): string {
  let end = start;
  let hasEscape = false;
  while (end < limit && bytes[end] !== quote) {
    if (bytes[end] === backslash) {
      hasEscape = true;
      end++;
    }
    end++;
  }
  const isCut = end >= limit;
  const text = bytes.toString('utf8', start, Math.min(end, limit));
  if (!hasEscape) return isCut ? `${text}…` : text;
  if (isCut) return `${text.replace(/\\u[0-9a-f]{0,3}$|\\$/i, '')}…`;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    // Raw control characters make it bad JSON; the raw text still tells the reader what it is.
    return text;
  }
}
