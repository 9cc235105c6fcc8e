/** The symbol that a class was branded with. */
const symbols = new WeakMap<object, symbol>();

/**
 * An error that is recognised by a brand: `SomeError.is(error)`, never `error instanceof SomeError`. Where two copies of a library are
 * installed there are two classes of one name, and `instanceof` knows but one of them. A brand is a symbol of the process' registry on the
 * prototype of its class: copies share it, subclasses inherit it, and neither JSON nor a structured clone can carry it.
 */
export abstract class BrandedError extends Error {
  /** True for an error of this class or of a subclass, from whichever copy of the library it comes. */
  static is<Kind extends BrandedError>(this: abstract new (...supplied: never) => Kind, error: unknown): error is Kind {
    const symbol = symbols.get(this);
    if (symbol === undefined) throw new TypeError(`${this.name} has no brand`);
    return typeof error === 'object' && error !== null && symbol in error;
  }

  /** Brands the class: the first line of its body. A name is given once in all of the product, and never to another class later. */
  protected static brand(name: string): void {
    const symbol = Symbol.for(`taskrunner.error.${name}`);
    symbols.set(this, symbol);
    Object.defineProperty(this.prototype, symbol, { value: true });
  }
}
