/** The symbol of a class's brand. */
const symbols = new WeakMap<object, symbol>();

/**
 * An error that is recognised by a brand: `SomeError.is(error)`, never `error instanceof SomeError`. If two copies of a library are
 * installed, there are two classes of the same name, and `instanceof` recognises only one. A brand is a symbol from the global registry on
 * the prototype of its class: copies share it, subclasses inherit it, and neither JSON nor a structured clone can carry it.
 */
export abstract class BrandedError extends Error {
  /** True for an error of this class or of a subclass, from any copy of the library. */
  static is<Kind extends BrandedError>(this: abstract new (...supplied: never) => Kind, error: unknown): error is Kind {
    const symbol = symbols.get(this);
    if (symbol === undefined) throw new TypeError(`${this.name} has no brand`);
    return typeof error === 'object' && error !== null && symbol in error;
  }

  /** Brands the class. Call it first in the class body. A name is unique in the product and is never reused for another class. */
  protected static brand(name: string): void {
    const symbol = Symbol.for(`taskrunner.error.${name}`);
    symbols.set(this, symbol);
    Object.defineProperty(this.prototype, symbol, { value: true });
  }
}
