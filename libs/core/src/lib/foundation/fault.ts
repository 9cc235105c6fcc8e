/** A fault in a caller's input with its remedy. It is shown unchanged and never holds a secret. */
export interface Fault {
  /** Stable code, such as `DOC_DUPLICATE_KEY`; a released code never changes meaning. */
  readonly code: string;
  /** The pack file that contains it; absent for the manifest. */
  readonly file?: string;
  /** JSON pointer into the document; `''` for the whole document. */
  readonly path: string;
  /** From 1; null where the input has no lines. */
  readonly line: number | null;
  /** From 1; null where the input has no columns. */
  readonly column: number | null;
  readonly message: string;
  /** Remedy. */
  readonly remediation: string;
  /** Codes of other products for the same fault. */
  readonly aliases?: readonly string[];
}

/** A fault of what has no lines. */
export function faultAt(code: string, path: string, message: string, remediation: string): Fault {
  return { code, path, line: null, column: null, message, remediation };
}

/** Faults in the order of their position, those of the manifest before those of other files; at most `limit` of them. */
export function sortFaults(faults: readonly Fault[], limit = 1_000): readonly Fault[] {
  return [...faults]
    .sort(
      (a, b) =>
        compareTexts(a.file ?? '', b.file ?? '') ||
        (a.line ?? 0) - (b.line ?? 0) ||
        (a.column ?? 0) - (b.column ?? 0) ||
        compareTexts(a.path, b.path),
    )
    .slice(0, limit);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
