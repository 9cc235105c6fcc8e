/** The regions of a manifest that could not be read: a judgement that rests on it would be a second fault for one mistake. */
export interface UnreadableRegions {
  /** This place, something around it or something in it was not read. */
  readonly at: (pointer: string) => boolean;
  /** This place or something in it was not read. */
  readonly isWithin: (pointer: string) => boolean;
  /** Which steps there are, or what they are called, is not known for sure. */
  readonly aboutNames: boolean;
  /** That, or what they wait for. */
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
