import type { Abstract } from '@nestjs/common';

declare const provided: unique symbol;

/** A symbol with the type of the provided value. */
export type SymbolToken<Value> = symbol & { readonly [provided]: Value };

/** The token of a `Value`: its class, abstract or not, or a symbol made by `token`. */
export type Token<Value> = Abstract<Value> | SymbolToken<Value>;

/** A token for a value without a class: a document, a function, or one of several values of one class. */
export function token<Value>(description: string): SymbolToken<Value> {
  return Symbol(description) as SymbolToken<Value>;
}

const adapterTokens = new Set<unknown>();

/** A token that adapters of a deployment may replace, like a port. `name`: the exported name of the token, for messages. */
export function adapterToken<Value>(name: string): SymbolToken<Value> {
  const made = token<Value>(name);
  adapterTokens.add(made);
  return made;
}

/** True for tokens that `adapterToken` has made. */
export function isAdapterToken(value: unknown): boolean {
  return adapterTokens.has(value);
}
