/** A name that is declared, and the block in which it is. Offsets into the text. */
export interface Declaration {
  readonly at: number;
  /** The brace that opens the block; -1 at the top level of the file. */
  readonly blockStart: number;
  readonly blockEnd: number;
}

interface Bracket {
  /** `` ` `` stands for the `${` of a template. */
  readonly open: '{' | '(' | '[' | '`' | '';
  readonly at: number;
  /** Within `const a = 1, b = 2` at this level. */
  isDeclaring: boolean;
  /** A destructuring pattern of a declaration: its names belong to the block around it. */
  readonly isPattern: boolean;
  /** What is declared in this block, while its end is not known. */
  readonly declared: { readonly name: string; readonly at: number }[];
}

const DECLARING = new Set(['const', 'let', 'var', 'import']);
const NAMING = new Set(['class', 'function']);
/** After these words a slash begins a regular expression. */
const BEFORE_EXPRESSION = new Set(
  'return typeof case in of delete void throw new else do instanceof yield await'.split(' '),
);
const CLOSED_BY: Readonly<Record<string, Bracket['open']>> = { '}': '{', ')': '(', ']': '[' };
const SPACE = /\s/;
const WORD = /[#\w$\u0080-\uffff]+/y;
const STRING = /(?:'(?:[^'\\\n]|\\[^])*'|"(?:[^"\\\n]|\\[^])*")/y;
const COMMENT = /\/\/[^\n]*|\/\*[^]*?\*\//y;
const REGULAR_EXPRESSION = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const TEMPLATE_TEXT = /(?:[^`\\$]|\\[^]|\$(?!\{))*/y;

/**
 * Where the source code in `text` declares which names, and in which block: minified code declares the same short name many times, and only the one that is visible from a
 * function is its variable. Reads tokens, not grammar; a text whose brackets do not match (a regular expression that was taken for a division) gives undefined, not a guess.
 */
export function scanDeclarations(text: string): ReadonlyMap<string, readonly Declaration[]> | undefined {
  return new DeclarationScan(text).run();
}

class DeclarationScan {
  readonly #text: string;
  readonly #found = new Map<string, Declaration[]>();
  readonly #stack: Bracket[] = [bracket('', -1, false)];
  /** The last word or sign that is neither space nor comment. */
  #last = '';
  #position = 0;
  #sawNewline = false;

  constructor(text: string) {
    this.#text = text;
  }

  run(): ReadonlyMap<string, readonly Declaration[]> | undefined {
    while (this.#position < this.#text.length) {
      if (!this.#step()) return undefined;
    }
    if (this.#stack.length !== 1) return undefined;
    this.#settle(this.#top, this.#text.length);
    return this.#found;
  }

  get #top(): Bracket {
    return this.#stack.at(-1) as Bracket;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#position += found.length;
    return found;
  }

  /** Reads one token; false when the text makes no sense. */
  #step(): boolean {
    const sign = this.#text[this.#position] as string;
    if (SPACE.test(sign)) {
      if (sign === '\n') this.#sawNewline = true;
      this.#position += 1;
      return true;
    }
    if (sign === '/' && this.#take(COMMENT) !== undefined) return true;
    const at = this.#position;
    const word = this.#take(WORD);
    if (word !== undefined) this.#word(word, at);
    else if (sign === "'" || sign === '"') {
      if (this.#take(STRING) === undefined) return false;
      this.#last = '""';
    } else if (sign === '/' && this.#isExpressionNext() && this.#take(REGULAR_EXPRESSION) !== undefined) {
      this.#last = '//';
    } else {
      this.#position += 1;
      if (!this.#sign(sign, at)) return false;
    }
    this.#sawNewline = false;
    return true;
  }

  #isExpressionNext(): boolean {
    return !/[\w$)\]}"/`]$/.test(this.#last) || BEFORE_EXPRESSION.has(this.#last);
  }

  #word(word: string, at: number): void {
    const top = this.#top;
    // A new line after a finished expression ends the statement.
    if (top.isDeclaring && this.#sawNewline && /[\w$)\]}"/`]$/.test(this.#last)) top.isDeclaring = false;
    if (DECLARING.has(word)) top.isDeclaring = this.#last !== '.';
    else if (this.#isDeclared(top, at + word.length)) this.#blockOf(top).declared.push({ name: word, at });
    this.#last = word;
  }

  #isDeclared(top: Bracket, end: number): boolean {
    if (NAMING.has(this.#last) || DECLARING.has(this.#last)) return true;
    if (top.isPattern) return /^\s*[,}\]=]/.test(this.#text.slice(end, end + 8));
    return this.#last === ',' && top.isDeclaring;
  }

  /** The block a declaration within `bracket` belongs to: patterns and the head of a loop belong to what is around them. */
  #blockOf(bracket: Bracket): Bracket {
    const index = this.#stack.lastIndexOf(bracket);
    for (let i = index; i > 0; i -= 1) {
      const around = this.#stack[i] as Bracket;
      if (around.open === '{' && !around.isPattern) return around;
    }
    return this.#stack[0] as Bracket;
  }

  #sign(sign: string, at: number): boolean {
    const closes = CLOSED_BY[sign];
    if (sign === '`') return this.#template();
    if (sign === '{' || sign === '(' || sign === '[') {
      const isPattern =
        sign !== '(' &&
        (this.#top.isPattern ||
          DECLARING.has(this.#last) ||
          (this.#last === ',' && this.#top.isDeclaring && sign === '{'));
      this.#stack.push(bracket(sign, at, isPattern));
    } else if (closes !== undefined) {
      const closed = this.#stack.pop();
      if (closed?.open === '`' && sign === '}') return this.#template();
      if (closed?.open !== closes) return false;
      if (closed.open === '{') this.#settle(closed, at);
    } else if (sign === ';') this.#top.isDeclaring = false;
    // `function* name`
    if (sign !== '*' || this.#last !== 'function') this.#last = sign;
    return true;
  }

  /** The text of a template up to its end or to the next expression in it. */
  #template(): boolean {
    this.#take(TEMPLATE_TEXT);
    const at = this.#position;
    if (this.#text[at] === '`') {
      this.#position += 1;
      this.#last = '``';
      return true;
    }
    if (this.#text[at] !== '$') return false;
    this.#position += 2;
    this.#stack.push(bracket('`', at, false));
    this.#last = '{';
    return true;
  }

  /** The end of a block is known: so is what was declared in it. */
  #settle(block: Bracket, end: number): void {
    for (const { name, at } of block.declared) {
      const list = this.#found.get(name) ?? [];
      list.push({ at, blockStart: block.at, blockEnd: end });
      this.#found.set(name, list);
    }
  }
}
function bracket(open: Bracket['open'], at: number, isPattern: boolean): Bracket {
  return { open, at, isDeclaring: false, isPattern, declared: [] };
}
