import { RUN_STATUSES, type RunStatus } from '../api/views';

/** Which runs are shown. It stands in the address, so that a filtered list can be sent to others. */
export interface RunFilter {
  readonly status?: RunStatus;
  /** Name of the pack, exactly. */
  readonly pack?: string;
  /** Only runs that need a person. */
  readonly stuck?: 'any';
}

/** Reads a filter from the parameters of an address. What is no filter is left out. */
export function readRunFilter(search: Readonly<Record<string, unknown>>): RunFilter {
  const status = RUN_STATUSES.find((one) => one === search['status']);
  // The router reads `?pack=7` as a number.
  const pack = ['string', 'number'].includes(typeof search['pack']) ? String(search['pack']).trim() : '';
  return {
    ...(status === undefined ? {} : { status }),
    ...(pack === '' ? {} : { pack }),
    ...(search['stuck'] === 'any' ? { stuck: 'any' as const } : {}),
  };
}

export function isFiltered(filter: RunFilter): boolean {
  return Object.keys(filter).length > 0;
}
