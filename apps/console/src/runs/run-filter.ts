import { RUN_STATUSES, type RunStatus } from '../api/views';

/** Which runs are shown. It stands in the address, so that a filtered list can be sent to others. */
export interface RunFilter {
  readonly status?: RunStatus;
  /** The beginning of a run's id, or a text in the name of the pack, a label or the name of the requester. */
  readonly q?: string;
  /** Only runs that the person requested. */
  readonly requester?: 'me';
  /** Only runs that need a person. */
  readonly stuck?: 'any';
}

/** Reads a filter from the parameters of an address. What is no filter is left out. */
export function readRunFilter(search: Readonly<Record<string, unknown>>): RunFilter {
  const status = RUN_STATUSES.find((one) => one === search['status']);
  // The router reads `?q=7` as a number.
  const q = ['string', 'number'].includes(typeof search['q']) ? String(search['q']).trim() : '';
  return {
    ...(status === undefined ? {} : { status }),
    ...(q === '' ? {} : { q }),
    ...(search['requester'] === 'me' ? { requester: 'me' as const } : {}),
    ...(search['stuck'] === 'any' ? { stuck: 'any' as const } : {}),
  };
}

export function isFiltered(filter: RunFilter): boolean {
  return Object.keys(filter).length > 0;
}
