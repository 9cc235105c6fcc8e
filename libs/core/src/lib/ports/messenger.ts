/** A message for one endpoint, ready to be signed and sent. */
export interface Message {
  /** The same for every try. */
  readonly id: string;
  /** JSON text. The signed text is the text that is sent. */
  readonly body: string;
}

/** Result of one try. */
export type Sent =
  /** The endpoint accepted it (2xx). */
  | { readonly kind: 'taken' }
  /** The endpoint did not accept it or could not be reached. `reason` is for operators. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** The configuration no longer contains the endpoint. */
  | { readonly kind: 'unknown' };

/** Sends messages to the endpoints that the operator configured. */
export abstract class Messenger {
  /** Tries once, with a time limit. `endpoint` is its id. Never rejects because of the other side. */
  abstract send(endpoint: string, message: Message): Promise<Sent>;
}
