import { nearestName } from '@taskrunner/core/foundation';

/** Maximum number of names that an error lists. */
const MOST_LISTED = 12;

/** The names that would have been right, in words. */
interface KnownNames {
  /** Begins their list, such as `Its steps are`. */
  readonly are: string;
  /** What to do if they are too many to list, such as the command that lists them. */
  readonly list: string;
  /** What to do if there is none. Default: `list`. */
  readonly none?: string;
}

/** The remedy for a name that does not exist: the nearest one, and all of them if they are few. */
export function remedyForName(name: string, known: readonly string[], { are, list, none = list }: KnownNames): string {
  if (known.length === 0) return none;
  const near = nearestName(
    name,
    known.filter((one) => haveCommonCharacter(one, name)),
  );
  const rest = known.length > MOST_LISTED ? list : `${are}: ${known.join(', ')}.`;
  return near === null ? rest : `Did you mean ${near}? ${rest}`;
}

/** A name without one is not near: `x` is not a misspelt `a`. */
function haveCommonCharacter(one: string, other: string): boolean {
  return [...other.toLowerCase()].some((character) => one.toLowerCase().includes(character));
}
