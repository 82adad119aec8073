import { createHmac } from 'node:crypto';

import { stringRoles } from './string-roles.ts';

/** Why a string stayed as it was. */
export type ClearReason = 'type name' | 'variable' | 'property' | 'method' | 'slot' | 'script file';

/** What to do with one string. */
export interface Verdict {
  /** The text to write. */
  readonly text: string;
  /** Why the text is the old one; undefined when it was masked. */
  readonly reason?: ClearReason;
}

const identifier = /^[#]?[A-Za-z_$][\w$]*$/;
const header = /^[A-Za-z]+(-[A-Za-z]+)*$/;
const symbolLabel = /^<symbol [\w.$:()[\] -]*>$/;
const typeName = /^[\w$ .:/()<>[\]{},#*+=&|~?!'"%^-]*$/;
const manyDigits = /\d{5,}/;
const opaque = /^(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{24,}$/;
const weakEntry =
  /^(\d+ \/ part of key \()(.*?)( @\d+\) -> value \()(.*)( @\d+\) pair in WeakMap \(table @\d+\))$/s;
const scriptFile = /^(node:[\w/-]+|(file:\/\/)?[\w@./\\: +-]+\.(c|m)?(js|ts)x?)$/;
const emailLike = /[^\s@]@[^\s@]+\.[^\s@]/;

/** Decides string by string what stays. Equal texts become equal masks under one key, so that duplicates still show. */
export class Masking {
  readonly #key: string;

  constructor(key: string) {
    this.#key = key;
  }

  /** The verdict over a string that is used as `roles` say. */
  judge(text: string, roles: number): Verdict {
    const entry = weakEntry.exec(text);
    // The names inside are those of key and value, which may be text; the rest is what DevTools reads.
    if (entry !== null) {
      const [, start, key, middle, value, end] = entry;
      return {
        text: `${start}${this.#maskName(key)}${middle}${this.#maskName(value)}${end}`,
        reason: 'slot',
      };
    }
    const reason = clearReason(text, roles);
    return reason === undefined ? { text: this.mask(text) } : { text, reason };
  }

  /** Characters of the same number that say nothing: the first eight tell different texts apart. */
  mask(text: string): string {
    if (text.length < 8) return 'x'.repeat(text.length);
    const digest = createHmac('sha256', this.#key).update(text).digest('base64url').replace(/[-_]/g, 'x');
    return digest.slice(0, 8).padEnd(text.length, 'x');
  }

  #maskName(name: string): string {
    return identifier.test(name) && /^[A-Z]/.test(name) && !looksLikeData(name)
      ? name
      : 'x'.repeat(name.length);
  }
}

function clearReason(text: string, roles: number): ClearReason | undefined {
  if (text.length === 0) return 'slot';
  if (text.length > 200 || looksLikeData(text)) return isScript(text, roles) ? 'script file' : undefined;
  if ((roles & stringRoles.typeName) !== 0 && typeName.test(text)) return 'type name';
  if ((roles & stringRoles.variable) !== 0) return 'variable';
  const isName = identifier.test(text) || header.test(text) || symbolLabel.test(text);
  if ((roles & stringRoles.slot) !== 0 && typeName.test(text)) return 'slot';
  if ((roles & stringRoles.property) !== 0 && isName) return 'property';
  if ((roles & stringRoles.method) !== 0 && isName) return 'method';
  return isScript(text, roles) ? 'script file' : undefined;
}

function isScript(text: string, roles: number): boolean {
  return (roles & stringRoles.script) !== 0 && text.length <= 1024 && scriptFile.test(text);
}

/** Numbers of customers, tokens and addresses do not become names by standing where names stand. */
function looksLikeData(text: string): boolean {
  return manyDigits.test(text) || opaque.test(text) || emailLike.test(text);
}
