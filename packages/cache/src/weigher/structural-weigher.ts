import { weighString } from './string-weight.ts';

/**
 * What a value keeps alive, in bytes, from its structure: the sizes V8 gives strings, objects, arrays, Maps, Sets, Buffers (64-bit, no pointer compression, as
 * in every Node.js build). Long collections are sampled, so that a value costs about a microsecond whatever its size; an object met again inside one value
 * counts once (the last 64 are remembered), and so does a string met again nearby.
 *
 * Not seen: `#private` fields, closures' variables, what a native object holds, and sharing *between* values, which is counted in each.
 * Arrays of numbers are counted as V8 packs them, 8 bytes each; one that was made for objects and then filled with fractions has 24.
 * Objects with more than 24 enumerable keys are taken for dictionaries unless one of the last eight of them had the same keys; looking through a dictionary
 * takes time in proportion to its keys, as in all of JavaScript: a Map does not.
 */
export type Weigher<K, V> = (value: V, key: K) => number;

const objectHeader = 24;
const word = 8;
const arrayHeader = 48;
const collectionHeader = 48;
const dictionaryHeader = 88;
/** Three words a cell; how far the table has grown depends on how it was filled: between one and two times, 1.4 in the middle. */
const dictionaryCellBytes = 34;
const doubleBytes = 16;
const viewBytes = 200;
const sliceBytes = 112;
const bufferBytes = 96;
/** Elements of a collection looked at, by depth. */
const sampleCounts = [8, 5, 3];
/** Objects looked into in one value; those beyond weigh as empty ones. */
const mostObjects = 2_048;
const deepestLevel = 200;
const seenCount = 64;
const dictionaryKeyCount = 24;
/** Properties of a dictionary that are weighed; the rest weigh as they do on average. */
const weighedProperties = 16;
const longestNearby = 16;

const seen: object[] = [];
const recentStrings: string[] = Array.from({ length: 8 }, () => '');
let recentAt = 0;
let seenAt = 0;
let objectsLeft = 0;
/** Key counts, first and last keys of the last wide objects: two alike are records of one shape, which V8 keeps without a table. */
const recentShapes: WideShape[] = Array.from({ length: 8 }, () => ({ keyCount: 0, first: '', last: '' }));
let shapeAt = 0;

interface WideShape {
  keyCount: number;
  first: string;
  last: string;
}

/** Bytes `value` keeps alive; see {@link Weigher} for what is seen and what is not. Numbers, booleans and the like weigh 0: they lie in the entry. Never throws. */
export function weighValue(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return weighString(value);
    case 'number':
      return weighNumber(value);
    case 'bigint':
      return 24 + bigintDigitBytes(value);
    case 'object': {
      if (value === null) return 0;
      seen.length = 0;
      seenAt = 0;
      objectsLeft = mostObjects;
      recentStrings.fill('');
      try {
        return weighObject(value, 0);
      } catch {
        // A getter or a proxy of the application threw while it was looked at: what is known is that there is an object.
        return objectHeader;
      } finally {
        seen.length = 0;
      }
    }
    case 'function':
      return 64;
    default:
      return 0;
  }
}

/** Bytes of a key beside its entry. */
export function weighKey(key: unknown): number {
  if (typeof key === 'string') return weighString(key);
  return typeof key === 'number' ? weighNumber(key) : typeof key === 'object' ? objectHeader : 0;
}

function weighNumber(value: number): number {
  return (value | 0) === value ? 0 : doubleBytes;
}

function bigintDigitBytes(value: bigint): number {
  return BigInt.asIntN(64, value) === value ? word : Math.ceil(value.toString(16).length / 16) * word;
}

function weighPart(value: unknown, depth: number): number {
  switch (typeof value) {
    case 'string':
      return weighNearbyString(value);
    case 'number':
      return weighNumber(value);
    case 'object':
      return value === null || depth > deepestLevel ? 0 : weighObject(value, depth);
    case 'function':
      return 64;
    case 'bigint':
      return 24 + bigintDigitBytes(value);
    default:
      return 0;
  }
}

function weighNearbyString(text: string): number {
  if (text.length === 0) return 0;
  if (text.length > longestNearby) return weighString(text);
  for (let at = 0; at < recentStrings.length; at++) if (recentStrings[at] === text) return 0;
  recentStrings[recentAt] = text;
  recentAt = (recentAt + 1) & 7;
  return weighString(text);
}

function weighObject(value: object, depth: number): number {
  if (seen.includes(value)) return 0;
  if (--objectsLeft < 0) return objectHeader + 4 * word;
  // The root and the last 63 objects met: parents, siblings and the object everything points back to.
  if (seen.length < seenCount) seen.push(value);
  else seen[1 + (seenAt++ % (seenCount - 1))] = value;
  if (Array.isArray(value)) return weighArray(value, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return weighProperties(value, depth);
  if (value instanceof Map) return weighMap(value, depth);
  if (value instanceof Set) return weighSet(value, depth);
  if (ArrayBuffer.isView(value)) {
    const isSlice = value.buffer.byteLength > value.byteLength;
    return value.byteLength + (isSlice ? sliceBytes : viewBytes);
  }
  if (value instanceof Date) return 96;
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer)
    return value.byteLength + bufferBytes;
  if (value instanceof RegExp) return 136;
  if (value instanceof Error) return 168 + weighProperties(value, depth);
  return weighProperties(value, depth);
}

function weighArray(array: readonly unknown[], depth: number): number {
  const { length } = array;
  const bytes = arrayHeader + length * word;
  if (length === 0) return arrayHeader;
  const sampleCount = sampleCountAt(depth);
  const step = length <= sampleCount ? 1 : length / sampleCount;
  const looks = length <= sampleCount ? length : sampleCount;
  let sum = 0;
  for (let look = 0; look < looks; look++) {
    // Not `array[…]`: an optimised load that has met several kinds of arrays turns packed doubles into boxed ones, three times as large.
    const element = array.at(Math.floor(look * step));
    // Numbers lie in the array itself: small ones as such, doubles unboxed.
    if (typeof element !== 'number') sum += weighPart(element, depth + 1);
  }
  return bytes + sum * (length / looks);
}

function weighMap(map: ReadonlyMap<unknown, unknown>, depth: number): number {
  const capacity = tableCapacity(map.size);
  const bytes = collectionHeader + word * (3 + capacity / 2 + capacity * 3);
  const sampleCount = sampleCountAt(depth);
  let sum = 0;
  let looks = 0;
  for (const [key, value] of map) {
    if (looks === sampleCount) break;
    sum += weighPart(key, depth + 1) + weighPart(value, depth + 1);
    looks++;
  }
  return looks === 0 ? bytes : bytes + sum * (map.size / looks);
}

function weighSet(set: ReadonlySet<unknown>, depth: number): number {
  const capacity = tableCapacity(set.size);
  const bytes = collectionHeader + word * (3 + capacity / 2 + capacity * 2);
  const sampleCount = sampleCountAt(depth);
  let sum = 0;
  let looks = 0;
  for (const member of set) {
    if (looks === sampleCount) break;
    sum += weighPart(member, depth + 1);
    looks++;
  }
  return looks === 0 ? bytes : bytes + sum * (set.size / looks);
}

function weighProperties(value: object, depth: number): number {
  const record = value as Readonly<Record<string, unknown>>;
  const keys = Object.keys(record);
  const keyCount = keys.length;
  if (keyCount > dictionaryKeyCount) return weighWideObject(record, keys, depth);
  if (keyCount === 0) return objectHeader + 4 * word;
  let sum = 0;
  for (let at = 0; at < keyCount; at++) sum += weighPart(record[keys[at]], depth + 1);
  if (isIndex(keys[0])) return arrayHeader + objectHeader + word * (keyCount * 1.5 + 16) + sum;
  return objectHeader + keyCount * word + sum;
}

function weighWideObject(
  record: Readonly<Record<string, unknown>>,
  keys: readonly string[],
  depth: number,
): number {
  const keyCount = keys.length;
  const first = keys[0];
  let sum = 0;
  let keyLength = 0;
  const step = keyCount / weighedProperties;
  for (let look = 0; look < weighedProperties; look++) {
    const key = keys[Math.floor(look * step)];
    keyLength += key.length;
    sum += weighPart(record[key], depth + 1);
  }
  const parts = sum * (keyCount / weighedProperties);
  if (isIndex(first)) return arrayHeader + objectHeader + word * (keyCount * 1.5 + 16) + parts;
  if (isRecord(keyCount, first, keys[keyCount - 1])) return objectHeader + keyCount * word + parts;
  const keyBytes = Math.ceil((16 + keyLength / weighedProperties) / word) * word;
  return dictionaryHeader + dictionaryCellBytes * powerOfTwo(keyCount * 1.5) + keyBytes * keyCount + parts;
}

/** True when a wide object with these keys was weighed lately; a dictionary's keys are data and differ from one to the next. */
function isRecord(keyCount: number, first: string, last: string): boolean {
  for (let at = 0; at < recentShapes.length; at++) {
    const shape = recentShapes[at];
    if (shape.keyCount === keyCount && shape.first === first && shape.last === last) return true;
  }
  const shape = recentShapes[shapeAt];
  shape.keyCount = keyCount;
  shape.first = first;
  shape.last = last;
  shapeAt = (shapeAt + 1) & 7;
  return false;
}

function isIndex(key: string): boolean {
  const unit = key.charCodeAt(0);
  return unit >= 48 && unit <= 57;
}

function tableCapacity(size: number): number {
  return size <= 4 ? 4 : powerOfTwo(size);
}

function powerOfTwo(atLeast: number): number {
  return 2 ** (32 - Math.clz32(Math.ceil(atLeast) - 1));
}

function sampleCountAt(depth: number): number {
  return sampleCounts[Math.min(depth, sampleCounts.length - 1)];
}
