/** Limits for bodies and for the total that is processed: `http.bodies` of the configuration, and `http.bodyLimit`. */
export interface BodyLimits {
  /** Maximum bytes of a body with a pack. */
  readonly largest: number;
  /** Maximum bytes of any other body. */
  readonly small: number;
  /** Maximum keys and elements of any other body, and of the members besides a pack and its inputs. */
  readonly smallValues: number;
  /** Maximum nesting. */
  readonly levels: number;
  /** Maximum keys and elements of a body with a pack. */
  readonly keys: number;
  readonly elements: number;
  /** Bytes, keys and elements up to which a body is read on the event loop. */
  readonly direct: number;
  readonly directValues: number;
  /** Maximum total bytes of larger bodies of unanswered requests, in all and per tenant. */
  readonly memory: number;
  readonly tenantMemory: number;
  /** Number of larger bodies that are read concurrently. */
  readonly threads: number;
  /** Number of larger bodies that wait to be read, at most half of them of one tenant. */
  readonly queue: number;
  /** Heap of one thread, bytes. */
  readonly threadMemory: number;
  /** Time limit for reading one body, milliseconds. */
  readonly time: number;
  /** Bytes of a refused body, and time, that are spent on discarding the rest of it. Milliseconds. */
  readonly discard: number;
  readonly discardTime: number;
  /** Bytes per second that are discarded in all. */
  readonly discardRate: number;
}
