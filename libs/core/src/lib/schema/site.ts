import type { JsonObject } from '../foundation/json';

/** A schema with a name of its own (Core §9.3), and the names inside it. */
export interface Resource {
  /** Absolute if the schema's `$id` is; empty: it has none. */
  readonly uri: string;
  /** RFC 6901 place of its root. */
  readonly pointer: string;
  /** Sites by `$anchor` and `$dynamicAnchor`. */
  readonly anchors: Map<string, Site>;
  /** Sites by `$dynamicAnchor`. */
  readonly dynamic: Map<string, Site>;
}

/** One schema in a schema. */
export interface Site {
  /** RFC 6901 place in the whole schema. */
  readonly pointer: string;
  readonly schema: JsonObject | boolean;
  readonly resource: Resource;
  /** Its subschemas, by the relative pointer. */
  readonly parts: readonly Subschema[];
}

export interface Subschema {
  readonly keyword: string;
  readonly site: Site;
}

/** Targets of references. */
export interface Link {
  readonly target: Site;
  /** Of `$dynamicRef` to a `$dynamicAnchor`: its name, which outer resources may redefine. */
  readonly dynamic: string | null;
}
