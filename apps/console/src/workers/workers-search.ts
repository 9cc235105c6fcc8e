/** What of the workers is shown. */
export interface WorkersSearch {
  readonly part?: 'executors';
  /** A text in the name or a label of a worker, or in the name of an executor. */
  readonly q?: string;
}

export function readWorkersSearch(search: Readonly<Record<string, unknown>>): WorkersSearch {
  const value = search['q'];
  const q = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
  return { ...(search['part'] === 'executors' ? { part: 'executors' as const } : {}), ...(q === '' ? {} : { q }) };
}
