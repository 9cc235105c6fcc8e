import { nearestName } from '../../foundation/nearest-name';
import { sortFaults, type Fault } from '../../foundation/fault';
import { placeInText } from '../../document/text-place';
import type { UnreadableRegions } from '../../pack/unreadable-regions';
import type { Location } from '../../pack/reading/reading';
import { PLAN_REMEDIES, type PlanFaultCode } from './plan-fault';

/** Options of a fault. */
interface PlanFaultNote {
  readonly remediation?: string;
  /** Report the fault at the entry's key instead of its value. */
  readonly key?: boolean;
  /** UTF-16 offset within the text at the place. */
  readonly offset?: number;
  /** That text after reading. */
  readonly text?: string;
  readonly aliases?: readonly string[];
}

/** The manifest of a fault, and the step that uses it. */
export interface Origin {
  /** Its path in the caller's pack, or `name:version/pack.yaml` of a published one. */
  readonly file: string;
  /** As text: `the step undo in line 12`. */
  readonly usedBy: string;
}

function from(origin: Origin | null, fault: Fault): Fault {
  if (origin === null) return fault;
  // Schemas and policies of an inner pack are separate files.
  const file = fault.file === undefined ? origin.file : origin.file.replace(/pack\.yaml$/, fault.file);
  return { ...fault, file, message: `${fault.message} It is used by ${origin.usedBy}.` };
}

/** Maximum number of suggestions. After so many misspelt names the list is sufficient. */
const MAX_GUESSES = 100;
/** Maximum number of characters that are scanned for positions within texts. Later faults are reported at the beginning of their texts. */
const MAX_WALK = 5_000_000;

/** All faults and warnings of one planning, with their positions in the manifest. */
export class Faults {
  private readonly found: Fault[];
  private readonly warned: Fault[];
  /** Work done so far, over all manifests. */
  private readonly tally: { guesses: number; walked: number };
  private lines: readonly string[] | null = null;

  /** `source` is the manifest's text, for columns inside texts. */
  constructor(
    private readonly locate: (pointer: string, key?: boolean) => Location,
    private readonly source: string | null,
    private readonly origin: Origin | null = null,
    around: Faults | null = null,
    /** The unreadable regions of the manifest; null: none. */
    readonly unreadable: UnreadableRegions | null = null,
  ) {
    this.found = around?.found ?? [];
    this.warned = around?.warned ?? [];
    this.tally = around?.tally ?? { guesses: 0, walked: 0 };
  }

  /** The same collection, for the manifest of an inner pack. */
  inside(locate: Faults['locate'], source: string | null, origin: Origin): Faults {
    return new Faults(locate, source, origin, this);
  }

  /** Adds the faults from reading an inner manifest. */
  take(faults: readonly Fault[], origin: Origin): void {
    for (const fault of faults) this.found.push(from(origin, fault));
  }

  /** The position of a place as text. */
  shownPlace(at: string): string {
    const { line } = this.locate(at, true);
    return this.origin === null ? `line ${line}` : `${this.origin.file} line ${line}`;
  }

  /** Adds a fault at a place of the normalised manifest. */
  add(code: PlanFaultCode, at: string, message: string, note: PlanFaultNote = {}): void {
    if (this.unreadable?.at(at) === true) return;
    const fault = this.fault(code, at, message, note);
    if (this.unreadable?.at(fault.path) === true) return;
    this.found.push(fault);
  }

  /** Adds a fault of the inputs, which have no line here. Only a valid pack can determine it. */
  addInput(code: PlanFaultCode, path: string, message: string, remediation?: string): void {
    if (this.unreadable !== null) return;
    this.found.push({ code, path, line: null, column: null, message, remediation: remediation ?? remedyOf(code) });
  }

  /** Adds a fault in a pack file, with its position there. */
  addInFile(file: string, fault: Omit<Fault, 'file'>): void {
    this.found.push(from(this.origin, { ...fault, file }));
  }

  /** Adds a warning, which does not prevent the plan. */
  warn(code: PlanFaultCode, at: string, message: string, note: PlanFaultNote = {}): void {
    this.warned.push(this.fault(code, at, message, note));
  }

  /** Adds a warning in a pack file. */
  warnInFile(file: string, fault: Omit<Fault, 'file'>): void {
    this.warned.push(from(this.origin, { ...fault, file }));
  }

  /** `Did you mean x?`, or another remedy. */
  guess(name: string, known: Iterable<string>, otherwise: string): string {
    const near = ++this.tally.guesses > MAX_GUESSES ? null : nearestName(name, known);
    return near === null ? otherwise : `Did you mean ${near}?`;
  }

  get any(): boolean {
    return this.found.length > 0;
  }

  get faults(): readonly Fault[] {
    return sortFaults(this.found);
  }

  get warnings(): readonly Fault[] {
    return sortFaults(this.warned);
  }

  private fault(code: PlanFaultCode, at: string, message: string, note: PlanFaultNote): Fault {
    const { path, line, column } = this.locate(at, note.key);
    const { aliases, offset, text } = note;
    const place =
      offset === undefined || text === undefined || this.source === null || (this.tally.walked += offset) > MAX_WALK
        ? { line, column }
        : placeInText(this.linesOf(this.source), { line, column }, text, offset);
    return from(this.origin, {
      code,
      path,
      ...place,
      message,
      remediation: note.remediation ?? remedyOf(code),
      ...(aliases === undefined ? {} : { aliases }),
    });
  }

  private linesOf(source: string): readonly string[] {
    this.lines ??= (source.startsWith('\uFEFF') ? source.slice(1) : source).split('\n');
    return this.lines;
  }
}

function remedyOf(code: PlanFaultCode): string {
  return code in PLAN_REMEDIES ? PLAN_REMEDIES[code as keyof typeof PLAN_REMEDIES] : 'Correct the expression.';
}
