/** Which packs are listed. */
interface PacksSearch {
  /** A text in the name or the description. */
  readonly q?: string;
}

/** Which version of a pack is shown; absent: the latest. */
interface PackSearch {
  readonly version?: string;
}

export function readPacksSearch(search: Readonly<Record<string, unknown>>): PacksSearch {
  const q = textIn(search['q']);
  return q === '' ? {} : { q };
}

export function readPackSearch(search: Readonly<Record<string, unknown>>): PackSearch {
  const version = textIn(search['version']);
  return version === '' ? {} : { version };
}

/** The router reads `?q=7` as a number. */
function textIn(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
}
