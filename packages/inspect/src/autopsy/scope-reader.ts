import { type Inspector, openInspector } from '../inspector/inspector.ts';

/** Where values are handed over between V8's protocol and this code: one hidden property of the global object, there only while something is handed over. */
const BRIDGE_KEY = 'plimsoll.bridge';
/** Where it can hang, and how code that V8 evaluates finds it there. */
const PLACES = [
  { holder: globalThis, expression: `globalThis[Symbol.for('${BRIDGE_KEY}')]` },
  { holder: process, expression: `globalThis.process[Symbol.for('${BRIDGE_KEY}')]` },
] as const;
const OBJECT_GROUP = 'plimsoll-autopsy';

interface Bridge {
  value: unknown;
}

interface RemoteObject {
  readonly objectId?: string;
  readonly value?: {
    readonly scriptId?: string;
    readonly lineNumber?: number;
    readonly columnNumber?: number;
  };
}

interface RemoteProperty {
  readonly name: string;
  readonly value?: RemoteObject;
}

interface RemoteProperties {
  readonly internalProperties?: readonly RemoteProperty[];
  readonly privateProperties?: readonly RemoteProperty[];
}

/** Where a function stands in its script, counted from 0. */
export interface FunctionLocation {
  readonly scriptId: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** The variables a scope holds, as real values by name. */
export type Variables = Readonly<Record<string, unknown>>;

/** A scope of a function, innermost first. */
export interface FunctionScope {
  /** V8's word for it, with the name of the function it belongs to. */
  readonly label: string;
  /** True for the one that all functions of the file share. */
  readonly isOutermost: boolean;
  readonly variables: Variables;
}

/** From where in a script a scope was seen: what tells one of several variables of a name from the others. */
export interface ScopeView {
  readonly location: FunctionLocation;
  readonly label: string;
  readonly isOutermost: boolean;
}

/** What V8 knows of a function and JavaScript does not. */
export interface FunctionInside {
  readonly location: FunctionLocation | undefined;
  readonly scopes: readonly FunctionScope[];
}

/**
 * Reads what JavaScript itself cannot see: the variables in the scopes of a function, and private fields. V8's inspector shows them; the values themselves are fetched into this
 * process, so that walking them costs what walking objects costs. Never throws: what cannot be read is empty.
 */
export class ScopeReader implements Disposable {
  readonly #inspector: Inspector = openInspector();
  readonly #bridge: Bridge = { value: undefined };
  readonly #place: (typeof PLACES)[number] | undefined;

  constructor() {
    // The service may have frozen its global object; then the bridge hangs on `process`, or there is none and nothing is read.
    this.#place = PLACES.find(({ holder }) => this.#hang(holder));
  }

  #hang(holder: object): boolean {
    // A registered symbol: the evaluated expression can name no other.
    return Reflect.defineProperty(holder, Symbol.for(BRIDGE_KEY), {
      value: this.#bridge,
      enumerable: false,
      configurable: true,
    });
  }

  [Symbol.dispose](): void {
    this.#bridge.value = undefined;
    if (this.#place !== undefined) Reflect.deleteProperty(this.#place.holder, Symbol.for(BRIDGE_KEY));
    this.#inspector.tryAsk('Runtime.releaseObjectGroup', { objectGroup: OBJECT_GROUP });
  }

  /** Forgets the handles of V8's protocol made so far; what was fetched stays. */
  release(): void {
    this.#inspector.tryAsk('Runtime.releaseObjectGroup', { objectGroup: OBJECT_GROUP });
  }

  /** Location and scopes of `target`. */
  inside(target: (...parameters: never[]) => unknown): FunctionInside {
    const properties = this.#propertiesOf(target);
    const internal = properties?.internalProperties ?? [];
    const location = locationIn(internal);
    const scopesId = internal.find(({ name }) => name === '[[Scopes]]')?.value?.objectId;
    return { location, scopes: scopesId === undefined ? [] : this.#scopes(scopesId) };
  }

  /** Where `target` stands; its scopes are not read. */
  locationOf(target: (...parameters: never[]) => unknown): FunctionLocation | undefined {
    return locationIn(this.#propertiesOf(target)?.internalProperties ?? []);
  }

  /** The variables of a scope of a paused frame. */
  frameVariables(objectId: string): Variables {
    return (this.valueOf(objectId) ?? {}) as Variables;
  }

  /** Private fields of an object or class, with their `#`. */
  privateFields(target: object): Variables {
    const fields: Record<string, unknown> = {};
    for (const { name, value } of this.#propertiesOf(target)?.privateProperties ?? []) {
      if (value?.objectId !== undefined) fields[name] = this.valueOf(value.objectId);
    }
    return fields;
  }

  /** What a proxy stands for; none of its traps is run. */
  proxyTarget(proxy: object): unknown {
    const internal = this.#propertiesOf(proxy)?.internalProperties ?? [];
    const targetId = internal.find(({ name }) => name === '[[Target]]')?.value?.objectId;
    return targetId === undefined ? undefined : this.valueOf(targetId);
  }

  #propertiesOf(target: unknown): RemoteProperties | undefined {
    if (this.#place === undefined) return undefined;
    this.#bridge.value = target;
    const answer = this.#inspector.tryAsk<{ result: RemoteObject }>('Runtime.evaluate', {
      expression: `${this.#place.expression}.value`,
      objectGroup: OBJECT_GROUP,
      silent: true,
    });
    this.#bridge.value = undefined;
    const objectId = answer?.result.objectId;
    if (objectId === undefined) return undefined;
    return this.#inspector.tryAsk<RemoteProperties>('Runtime.getProperties', {
      objectId,
      ownProperties: true,
    });
  }

  /** The list V8 shows under `[[Scopes]]`: each entry wraps the variables as `object` beside a description of its kind. */
  #scopes(scopesId: string): FunctionScope[] {
    const list = this.valueOf(scopesId);
    if (!Array.isArray(list)) return [];
    const scopes: FunctionScope[] = [];
    // An array of V8's own, without a prototype to iterate it by.
    for (let i = 0; i < list.length; i += 1) {
      const entry = list[i] as { type?: string; description?: string; object?: unknown };
      const label = entry.description ?? entry.type ?? '';
      if (/^(?:global|script)/i.test(label)) continue;
      const { object } = entry;
      if (typeof object !== 'object' || object === null) continue;
      scopes.push({ label, isOutermost: false, variables: object as Variables });
    }
    const outermost = scopes.pop();
    return outermost === undefined ? [] : [...scopes, { ...outermost, isOutermost: true }];
  }

  /** The value behind a handle of V8's protocol. */
  valueOf(objectId: string): unknown {
    if (this.#place === undefined) return undefined;
    const done = this.#inspector.tryAsk('Runtime.callFunctionOn', {
      objectId,
      functionDeclaration: `function () { ${this.#place.expression}.value = this; }`,
      silent: true,
    });
    const { value } = this.#bridge;
    this.#bridge.value = undefined;
    return done === undefined ? undefined : value;
  }
}

function locationIn(internal: readonly RemoteProperty[]): FunctionLocation | undefined {
  const found = internal.find(({ name }) => name === '[[FunctionLocation]]')?.value?.value;
  return found?.scriptId === undefined
    ? undefined
    : {
        scriptId: found.scriptId,
        lineNumber: found.lineNumber ?? 0,
        columnNumber: found.columnNumber ?? 0,
      };
}
