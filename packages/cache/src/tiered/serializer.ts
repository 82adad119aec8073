/** Turns values into bytes and back, for the far tier. */
export interface Serializer<V> {
  encode(value: V): Buffer | string;
  decode(bytes: Buffer): V;
}

/** JSON in UTF-8: readable by every language of the fleet. */
export function jsonSerializer<V>(): Serializer<V> {
  return {
    encode: (value) => JSON.stringify(value),
    decode: (bytes) => JSON.parse(bytes.toString('utf8')) as V,
  };
}
