import { randomBytes } from 'node:crypto';

/** Strings longer than this stay in V8's own Map: hashing them here would cost more than it saves. */
export const longestHashedString = 64;

const floatBits = new Float64Array(1);
const wordBits = new Uint32Array(floatBits.buffer);

/**
 * 32-bit hashes of keys under secrets drawn per instance, so that nobody outside can choose keys that collide. Two UTF-16 units go into each round; the
 * multiplier is secret too, and the shift after it keeps a round from being linear. The index bounds its probes besides: even a broken hash costs no more
 * than a fixed number of steps.
 */
export class KeyHash {
  readonly #start: number;
  readonly #multiplier: number;
  #identities: WeakMap<object, number> | undefined;
  #nextIdentity = 0;

  constructor() {
    const secret = randomBytes(8);
    this.#start = secret.readInt32LE(0);
    this.#multiplier = secret.readInt32LE(4) | 0x10000001;
  }

  /** Hash of a number; −0 is 0. NaN must not come here. */
  ofNumber(key: number): number {
    const whole = key | 0;
    if (whole === key) return this.ofInteger(whole);
    floatBits[0] = key;
    return finish(Math.imul(wordBits[0] ^ this.#start, this.#multiplier) ^ wordBits[1]);
  }

  /** What {@link ofNumber} is for an integer of 32 bits. */
  ofInteger(key: number): number {
    return finish(key ^ this.#start);
  }

  /** Hash of every unit of `key`. */
  ofString(key: string): number {
    const multiplier = this.#multiplier;
    const { length } = key;
    let hash = this.#start ^ length;
    let at = 1;
    for (; at < length; at += 2) {
      hash = Math.imul(hash ^ (key.charCodeAt(at - 1) | (key.charCodeAt(at) << 16)), multiplier);
      hash ^= hash >>> 15;
    }
    if (at === length) {
      hash = Math.imul(hash ^ key.charCodeAt(at - 1), multiplier);
      hash ^= hash >>> 15;
    }
    return finish(hash);
  }

  /** Hash for the policy's memory of a key the Map indexes: both ends of a long string, the identity of an object. Equal keys, equal hashes. */
  ofAny(key: unknown): number {
    switch (typeof key) {
      case 'string': {
        if (key.length <= longestHashedString) return this.ofString(key);
        return this.ofString(key.slice(0, 32) + key.slice(-32)) ^ key.length;
      }
      case 'number':
        return key === key ? this.ofNumber(key) : this.#start;
      case 'object':
      case 'function':
        return key === null ? finish(this.#start + 1) : this.#ofIdentity(key);
      case 'bigint':
        return this.ofNumber(Number(BigInt.asIntN(48, key)));
      case 'symbol':
        return this.ofString(key.description ?? '');
      default:
        return finish(this.#start + (key === true ? 2 : 3));
    }
  }

  #ofIdentity(key: object): number {
    const identities = (this.#identities ??= new WeakMap());
    let identity = identities.get(key);
    if (identity === undefined) {
      identity = this.#nextIdentity++;
      identities.set(key, identity);
    }
    return finish(identity ^ this.#start);
  }
}

function finish(word: number): number {
  let hash = word;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  // Signed: V8 keeps a 32-bit integer in a register or in place, and boxes what is above 2^31.
  return (hash ^ (hash >>> 16)) | 0;
}
