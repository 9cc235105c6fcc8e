/** The regions of a manifest that could not be read. A check that depends on one would report a second fault for one mistake. */
export interface UnreadableRegions {
  /** True if this place, an enclosing or an inner part was not read. */
  readonly at: (pointer: string) => boolean;
  /** True if this place or an inner part was not read. */
  readonly isWithin: (pointer: string) => boolean;
  /** True if the set of steps or their ids are not known for certain. */
  readonly aboutNames: boolean;
  /** True if these or their dependencies are not known for certain. */
  readonly aboutSteps: boolean;
}

const OF_NAMES = /\/(?:id|steps|step|body|else|branches)(?:\/\d+)?$/;
const OF_ORDER = /\/needs(?:\/\d+)?$/;

/** The unreadable regions around these places of the normalised manifest; `steps` are the places of steps. */
export function unreadableRegionsOf(places: readonly string[], steps: ReadonlySet<string>): UnreadableRegions {
  const exact = new Set(places);
  const around = new Set<string>(['']);
  for (const place of exact)
    for (let end = place.length; end > 0; end = place.lastIndexOf('/', end - 1)) around.add(place.slice(0, end));
  const isWithin = (pointer: string): boolean => around.has(pointer) && exact.size > 0;
  const aboutNames = places.some(
    (place) => place === '' || place === '/spec' || OF_NAMES.test(place) || steps.has(place),
  );
  return {
    isWithin,
    at: (pointer) => {
      if (isWithin(pointer)) return true;
      for (let end = pointer.length; end > 0; end = pointer.lastIndexOf('/', end - 1))
        if (exact.has(pointer.slice(0, end))) return true;
      return exact.has('');
    },
    aboutNames,
    aboutSteps: aboutNames || places.some((place) => OF_ORDER.test(place)),
  };
}
