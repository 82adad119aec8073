/** The words of a `NODE_OPTIONS` value as Node.js splits it: by spaces; double quotes group, and a backslash escapes inside them. */
export function splitNodeOptions(value: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quoted = false;
  for (let index = 0; index < value.length; index += 1) {
    let character = value.charAt(index);
    if (character === '\\' && quoted && index + 1 < value.length) {
      index += 1;
      character = value.charAt(index);
    } else if (character === ' ' && !quoted) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    } else if (character === '"') {
      quoted = !quoted;
      word ??= '';
      continue;
    }
    word = (word ?? '') + character;
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** Words as one `NODE_OPTIONS` value that {@link splitNodeOptions}, and Node.js, takes apart again. */
export function joinNodeOptions(words: readonly string[]): string {
  return words.map(quoteNodeOption).join(' ');
}

function quoteNodeOption(word: string): string {
  if (/^[^\s"\\]+$/.test(word)) return word;
  return `"${word.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
