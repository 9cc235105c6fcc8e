import type { Subject } from '@taskrunner/core/foundation';

/** A person as a page names them. */
export interface NamedPerson extends Subject {
  readonly name: string;
}

const KEY = 'taskrunner.person';

/** The person who was signed in in this tab before, if it was another one: the issuer may have signed somebody else in. Notes the new one. */
export function personBefore(person: NamedPerson, storage: Pick<Storage, 'getItem' | 'setItem'>): NamedPerson | null {
  const before = read(storage.getItem(KEY));
  const { iss, sub, name } = person;
  storage.setItem(KEY, JSON.stringify({ iss, sub, name }));
  return before === null || (before.iss === iss && before.sub === sub) ? null : before;
}

function read(text: string | null): NamedPerson | null {
  try {
    const found = JSON.parse(text ?? 'null') as Partial<Record<keyof NamedPerson, unknown>> | null;
    const isWhole = found !== null && [found.iss, found.sub, found.name].every((part) => typeof part === 'string');
    return isWhole ? (found as NamedPerson) : null;
  } catch {
    return null;
  }
}
