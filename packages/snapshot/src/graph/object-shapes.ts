import type { StringTable } from '../format/string-table.ts';

/** Plain objects of one hidden class. */
interface Shape {
  /** Name indexes of the properties seen, in order of first sight. */
  readonly properties: number[];
  objectCount: number;
  /** True when objects of this hidden class do not agree on their properties: a dictionary. */
  isDictionary: boolean;
}

const maxShapes = 100_000;
const maxProperties = 16;
const maxShownProperties = 5;
/** Below this many objects a list of properties says less than `Object`. */
const minObjects = 2;

/** Names plain objects by their properties, `{id, cart, user}`: V8's hidden class says which belong together. */
export class ObjectShapes {
  readonly #strings: StringTable;
  readonly #byHiddenClass = new Map<number, number>();
  readonly #shapes: Shape[] = [];
  readonly #labels: (string | undefined)[] = [];

  constructor(strings: StringTable) {
    this.#strings = strings;
  }

  /** How many shapes there are. */
  get count(): number {
    return this.#shapes.length;
  }

  /** Notes one object of the hidden class `mapNode` and returns the index of its shape. */
  note(mapNode: number, properties: Uint32Array, count: number): number {
    let index = this.#byHiddenClass.get(mapNode);
    if (index === undefined) {
      if (this.#shapes.length >= maxShapes) return 0;
      index = this.#shapes.push({ properties: [], objectCount: 0, isDictionary: false }) - 1;
      this.#byHiddenClass.set(mapNode, index);
    }
    const shape = this.#shapes[index];
    shape.objectCount++;
    if (shape.isDictionary) return index;
    for (let i = 0; i < count; i++) {
      const property = properties[i];
      if (shape.properties[i] === property || shape.properties.includes(property)) continue;
      if (shape.properties.length >= maxProperties) {
        if (shape.objectCount > 1) shape.isDictionary = true;
        break;
      }
      shape.properties.push(property);
    }
    return index;
  }

  /** What objects of a shape are called. */
  label(index: number): string {
    return (this.#labels[index] ??= this.#describe(this.#shapes[index]));
  }

  #describe(shape: Shape | undefined): string {
    if (
      shape === undefined ||
      shape.isDictionary ||
      shape.objectCount < minObjects ||
      shape.properties.length === 0
    )
      return 'Object';
    const names = shape.properties.slice(0, maxShownProperties).map((name) => this.#strings.get(name));
    return `{${names.join(', ')}${shape.properties.length > maxShownProperties ? ', …' : ''}}`;
  }
}
