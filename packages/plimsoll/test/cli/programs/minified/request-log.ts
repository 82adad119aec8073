/** Beside the store, with short names of its own once it is minified. */
export class RequestLog {
  readonly #entries: string[] = [];

  note(text: string): void {
    this.#entries.push(text);
    if (this.#entries.length > 50) this.#entries.shift();
  }

  get last(): string | undefined {
    return this.#entries.at(-1);
  }
}
