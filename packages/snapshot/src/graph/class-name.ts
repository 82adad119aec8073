import type { StringTable } from '../format/string-table.ts';
import { nodeKinds } from './kinds.ts';
import type { ObjectShapes } from './object-shapes.ts';

/** What Chrome DevTools calls the nodes that are not objects of a class. */
const kindClassNames: Readonly<Record<number, string>> = {
  [nodeKinds.hidden]: '(system)',
  [nodeKinds.array]: '(array)',
  [nodeKinds.string]: '(string)',
  [nodeKinds.code]: '(compiled code)',
  [nodeKinds.closure]: 'Function',
  [nodeKinds.regexp]: 'RegExp',
  [nodeKinds.number]: '(number)',
  [nodeKinds.synthetic]: '(synthetic)',
  [nodeKinds['concatenated string']]: '(concatenated string)',
  [nodeKinds['sliced string']]: '(sliced string)',
  [nodeKinds.symbol]: '(symbol)',
  [nodeKinds.bigint]: '(bigint)',
  [nodeKinds['object shape']]: '(object shape)',
};

/** The class a person would name: constructor, `{a, b}` of a plain object, or `(string)`, `(system)` and so on. */
export function className(
  kind: number,
  nameIndex: number,
  strings: StringTable,
  shapes: ObjectShapes,
): string {
  if (kind !== nodeKinds.object && kind !== nodeKinds.native) return kindClassNames[kind] ?? '(other)';
  return nameIndex >= strings.count ? shapes.label(nameIndex - strings.count) : strings.get(nameIndex);
}
