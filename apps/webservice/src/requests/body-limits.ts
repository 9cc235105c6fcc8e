/** What bodies may be and how much of them is in work: `http.bodies` of the configuration, and `http.bodyLimit`. */
export interface BodyLimits {
  /** Bytes of a body that brings a pack. */
  readonly largest: number;
  /** Bytes of every other body. */
  readonly small: number;
  /** Keys and elements of every other body, and of what stands beside a pack and its inputs. */
  readonly smallValues: number;
  /** Lists and objects in each other. */
  readonly levels: number;
  /** Of a body that brings a pack. */
  readonly keys: number;
  readonly elements: number;
  /** Bytes, and keys and elements, up to which a body is read on the event loop. */
  readonly direct: number;
  readonly directValues: number;
  /** Bytes of the larger bodies of all requests that are not answered yet, and of those of one tenant. */
  readonly memory: number;
  readonly tenantMemory: number;
  /** Larger bodies that are read at once. */
  readonly threads: number;
  /** Larger bodies that wait to be read, half of them of one tenant. */
  readonly queue: number;
  /** Bytes of heap of one thread. */
  readonly threadMemory: number;
  /** Longest time to read one body, milliseconds. */
  readonly time: number;
}
