import { nearestName } from '../foundation/nearest-name';
import { sortFaults, type Fault } from '../foundation/fault';
import type { Location } from '../pack/reading';
import { placeInText } from './text-place';
import { PLAN_REMEDIES, type PlanFaultCode } from './plan-fault';

/** More about a fault. */
export interface PlanFaultNote {
  readonly remediation?: string;
  /** Show the fault at the entry's key, not at its value. */
  readonly key?: boolean;
  /** UTF-16 offset within the text that stands there. */
  readonly offset?: number;
  /** That text, as it was read. */
  readonly text?: string;
  readonly aliases?: readonly string[];
}

/** Most near names that are looked for: after so many faults of names, the list says enough. */
const MAX_GUESSES = 100;
/** Most characters that are walked to places within texts; later faults are shown at the beginnings of their texts. */
const MAX_WALK = 5_000_000;

/** All faults and warnings of one planning, with their places in the manifest. */
export class Faults {
  private readonly found: Fault[] = [];
  private readonly warned: Fault[] = [];
  private guesses = 0;
  private walked = 0;
  private lines: readonly string[] | null = null;

  /** `source` is the manifest's text, for columns within a text. */
  constructor(
    private readonly locate: (pointer: string, key?: boolean) => Location,
    private readonly source: string | null,
  ) {}

  /** A fault at a place of the normalised manifest. */
  add(code: PlanFaultCode, at: string, message: string, note: PlanFaultNote = {}): void {
    this.found.push(this.fault(code, at, message, note));
  }

  /** A fault of the inputs: they have no lines here. */
  addInput(code: PlanFaultCode, path: string, message: string, remediation?: string): void {
    this.found.push({ code, path, line: null, column: null, message, remediation: remediation ?? remedyOf(code) });
  }

  /** A fault in a file of the pack, at its place there. */
  addInFile(file: string, fault: Omit<Fault, 'file'>): void {
    this.found.push({ ...fault, file });
  }

  /** Something that does not stop the plan. */
  warn(code: PlanFaultCode, at: string, message: string): void {
    this.warned.push(this.fault(code, at, message, {}));
  }

  /** `Did you mean x?`, or what else to do. */
  guess(name: string, known: Iterable<string>, otherwise: string): string {
    const near = ++this.guesses > MAX_GUESSES ? null : nearestName(name, known);
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
      offset === undefined || text === undefined || this.source === null || (this.walked += offset) > MAX_WALK
        ? { line, column }
        : placeInText(this.linesOf(this.source), { line, column }, text, offset);
    return {
      code,
      path,
      ...place,
      message,
      remediation: note.remediation ?? remedyOf(code),
      ...(aliases === undefined ? {} : { aliases }),
    };
  }

  private linesOf(source: string): readonly string[] {
    this.lines ??= (source.startsWith('\uFEFF') ? source.slice(1) : source).split('\n');
    return this.lines;
  }
}

function remedyOf(code: PlanFaultCode): string {
  return code in PLAN_REMEDIES ? PLAN_REMEDIES[code as keyof typeof PLAN_REMEDIES] : 'Correct the expression.';
}
