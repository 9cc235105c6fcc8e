/** What a person has entered and not sent. */
export interface Entered {
  /** What stands beside the form: the reason of a decision, the labels of a run. Null: nobody has changed it. */
  readonly text: string | null;
  /** Entries of the form, by name; those of secrets are not among them. */
  readonly entries: Readonly<Record<string, string>>;
}

const PREFIX = 'taskrunner.draft ';
const NOTHING: Entered = { text: null, entries: {} };
/** Drafts of one tab. The one that was changed longest ago makes room. */
const MOST_DRAFTS = 20;
/** A draft, in UTF-16 code units. The storage of a tab has room for some millions. */
const MOST_CHARACTERS = 100_000;

interface Stored extends Entered {
  /** When it was changed, milliseconds since the epoch. */
  readonly at: number;
}

/**
 * What people have entered and not sent, kept in this tab until they send it or sign out: a new sign-in and a reload do not lose it. Bounded
 * in number and size.
 */
export class Drafts {
  constructor(
    private readonly storage: Storage,
    private readonly now: () => number = () => Date.now(),
  ) {}

  /** `name` tells the person and what it is about, so that nobody finds what another person has entered. */
  read(name: string): Entered {
    const { text, entries } = this.stored(PREFIX + name) ?? NOTHING;
    return { text, entries };
  }

  /** False: it is too large, so nothing of it is kept. */
  keep(name: string, draft: Entered): boolean {
    const key = PREFIX + name;
    const stored: Stored = { ...draft, at: this.now() };
    const text = JSON.stringify(stored);
    if (this.storage.getItem(key) === null) this.makeRoom();
    // An earlier state would be taken for what was entered last.
    this.storage.removeItem(key);
    if (text.length > MOST_CHARACTERS) return false;
    try {
      this.storage.setItem(key, text);
      return true;
    } catch (error) {
      if (error instanceof DOMException && error.name === 'QuotaExceededError') return false;
      throw error;
    }
  }

  forget(name: string): void {
    this.storage.removeItem(PREFIX + name);
  }

  forgetAll(): void {
    for (const key of this.keys()) this.storage.removeItem(key);
  }

  private makeRoom(): void {
    const ages = this.keys().map((key) => ({ key, at: this.stored(key)?.at ?? 0 }));
    ages.sort((one, other) => other.at - one.at);
    for (const { key } of ages.slice(MOST_DRAFTS - 1)) this.storage.removeItem(key);
  }

  private keys(): readonly string[] {
    const keys = Array.from({ length: this.storage.length }, (_, at) => this.storage.key(at) ?? '');
    return keys.filter((key) => key.startsWith(PREFIX));
  }

  private stored(key: string): Stored | null {
    const text = this.storage.getItem(key);
    return text === null ? null : read(text);
  }
}

/** The name of a draft. `about`: the digest of the gate or of the pack. */
export function draftName(person: { readonly iss: string; readonly sub: string }, about: string): string {
  return JSON.stringify([person.iss, person.sub, about]);
}

function read(stored: string): Stored | null {
  try {
    const { text, entries, at } = JSON.parse(stored) as Partial<Record<keyof Stored, unknown>>;
    if (typeof at !== 'number' || (text !== null && typeof text !== 'string')) return null;
    if (typeof entries !== 'object' || entries === null) return null;
    const texts = Object.entries(entries).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    return { text, entries: Object.fromEntries(texts), at };
  } catch {
    return null;
  }
}
