/** One thing that is wrong with a caller's input, and what to do about it. Shown as it is: it never holds a secret. */
export interface Fault {
  /** Stable code, such as `DOC_DUPLICATE_KEY`; a released code never changes meaning. */
  readonly code: string;
  /** The file of the pack that it is in, where that is not the manifest. */
  readonly file?: string;
  /** JSON pointer into the document, `''` for the whole. */
  readonly path: string;
  /** From 1; null where the input has no lines. */
  readonly line: number | null;
  /** From 1; null where the input has no columns. */
  readonly column: number | null;
  readonly message: string;
  /** What to do. */
  readonly remediation: string;
  /** Codes by which other products know the same fault. */
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
