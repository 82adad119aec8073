const QUOTE = 34;
const BACKSLASH = 92;

/** True when brackets outside strings nest deeper than `maxDepth`. A text shorter than two brackets a level is not read at all. */
export function isDeeperThan(text: string, maxDepth: number): boolean {
  if (text.length < 2 * (maxDepth + 1)) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at + 1);
    } else if ((code | 32) === 123) {
      depth += 1;
      if (depth > maxDepth) return true;
    } else if ((code | 32) === 125) {
      depth -= 1;
    }
  }
  return false;
}

/** Where the closing quote of the string is that began before `from`. */
function endOfString(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at;
  }
  return text.length;
}
