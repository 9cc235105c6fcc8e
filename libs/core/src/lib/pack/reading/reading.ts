import type { Position } from '../../document/position';
import { pointerTo } from '../../document/json-pointer';
import { placeInText } from '../../document/text-place';
import type { Fault } from '../../foundation/fault';
import { nearestName } from '../../foundation/nearest-name';
import { nameOf } from './fault-words';
import { PACK_REMEDIES, type PackFaultCode } from './pack-fault';
import type { Written } from './written';

/** Most near names that are looked for: after so many faults of names, the list says enough. */
const MAX_GUESSES = 200;

/** Where the parts of a document stand. */
export interface Places {
  readonly positionOf: (pointer: string) => Position;
  readonly keyPositionOf: (pointer: string) => Position;
  /** The document. */
  readonly text: string;
}

/** A place in the document as it was received. */
export interface Location extends Position {
  /** JSON pointer into the document as it was received. */
  readonly path: string;
}

/** More about a fault. */
interface FaultNote {
  readonly remediation?: string;
  /** Show the fault at the entry's key, not at its value. */
  readonly key?: boolean;
  /** The entry that is not there: what stands beside it is sound. */
  readonly missing?: string;
  /** What is then not known, where it is more than the place of the fault. */
  readonly about?: string;
  /** Show the fault within the text that stands there: at this UTF-16 offset of it, as it was read. */
  readonly offset?: number;
  readonly text?: string;
}

/**
 * One pass over one manifest: collects faults, and remembers where the parts of the normalised manifest were written. Pointers
 * given to it are those of the normalised manifest; those in its faults are the author's.
 */
export class Reading {
  readonly faults: Fault[] = [];
  readonly #moved = new Map<string, string>();
  readonly #faulty = new Set<string>();
  readonly #unknown = new Set<string>();
  readonly #hidden: ReadonlySet<string>;
  #steps = 0;
  #isKey = false;
  #guesses = 0;
  #lines: readonly string[] | null = null;

  /** `unread` are places of the document, as written, whose value could not be read: what is said of them says enough. */
  constructor(
    private readonly places: Places,
    unread: Iterable<string> = [],
  ) {
    this.#hidden = new Set(unread);
  }

  /** Remembers a part of the normalised manifest that was written elsewhere. */
  place(at: string, written: Written, parentAt: string, name: string | number): void {
    if (written.at !== pointerTo(this.writtenAt(parentAt), name)) this.#moved.set(at, written.at);
  }

  /** The author's pointer for a pointer of the normalised manifest. */
  writtenAt(at: string): string {
    for (let end = at.length; end > 0; end = at.lastIndexOf('/', end - 1)) {
      const moved = this.#moved.get(at.slice(0, end));
      if (moved !== undefined) return moved + at.slice(end);
    }
    return at;
  }

  /** Where a part of the normalised manifest stands in the document. */
  locate(at: string, key = false): Location {
    const path = this.writtenAt(at);
    return { path, ...(key ? this.places.keyPositionOf(path) : this.places.positionOf(path)) };
  }

  /** Notes a fault at a place of the normalised manifest. */
  fault(code: PackFaultCode, at: string, message: string, note: FaultNote = {}): void {
    this.#faulty.add(at);
    this.#unknown.add(note.about ?? (note.missing === undefined ? at : pointerTo(at, note.missing)));
    const location = this.locate(at, note.key ?? this.#isKey);
    if (this.#hidden.has(location.path)) return;
    this.faults.push({
      code,
      ...location,
      ...this.positionWithin(location, note),
      message,
      remediation: note.remediation ?? PACK_REMEDIES[code],
    });
  }

  private positionWithin(start: Position, { text, offset }: FaultNote): Position | null {
    if (text === undefined || offset === undefined) return null;
    this.#lines ??= this.places.text.split('\n');
    return placeInText(this.#lines, start, text, offset);
  }

  /** The known name that is nearest, or null. */
  guess(name: string, known: readonly string[]): string | null {
    return ++this.#guesses > MAX_GUESSES ? null : nearestName(name, known);
  }

  /** Judges the name of an entry: faults are then about the key, and shown there. */
  judgeKey<T>(judge: () => T): T {
    this.#isKey = true;
    try {
      return judge();
    } finally {
      this.#isKey = false;
    }
  }

  /** What a message calls the value at a place, or the name of the entry there. */
  subject(at: string): string {
    return this.#isKey ? `A name in ${nameOf(at.slice(0, at.lastIndexOf('/')))}` : nameOf(at);
  }

  /** True if a fault was noted at exactly this place, or it could not be read. */
  isFaulty(at: string): boolean {
    return this.#faulty.has(at) || this.#hidden.has(this.writtenAt(at));
  }

  /** Places whose value is not known: of the normalised manifest, and of the document. */
  get unknown(): readonly string[] {
    return [...this.#unknown, ...this.#hidden];
  }

  /** Counts one more step and returns how many there are. */
  countStep(): number {
    return ++this.#steps;
  }
}
