/** A message for one endpoint, ready to be signed and sent. */
export interface Message {
  /** The same at every try. */
  readonly id: string;
  /** JSON text: what is signed is what is sent. */
  readonly body: string;
}

/** What came of one try. */
export type Sent =
  /** The endpoint took it (2xx). */
  | { readonly kind: 'taken' }
  /** It did not, or the way there is closed; `reason` is for operators. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** The configuration has no such endpoint any more. */
  | { readonly kind: 'unknown' };

/** Carries messages to the endpoints that the operator configured. */
export abstract class Messenger {
  /** Tries once, within a bound of time. `endpoint` is its id. Never rejects for what the other side does. */
  abstract send(endpoint: string, message: Message): Promise<Sent>;
}
