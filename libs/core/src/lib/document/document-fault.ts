/** Codes of the faults that a document can have before its meaning is considered. */
export type DocumentFaultCode = keyof typeof REMEDIES;

/** What to do about each fault: code → remediation. */
export const REMEDIES = {
  DOC_TOO_LARGE: 'Make the document smaller: move data into files of the pack or into inputs.',
  DOC_TOO_DEEP: 'Reduce the nesting of lists and objects.',
  DOC_NOT_UTF8: 'Save the document as UTF-8.',
  DOC_CONTROL_CHARACTER: 'Remove the character, or write it as an escape inside double quotes.',
  DOC_SYNTAX: 'Correct the syntax: YAML 1.2 or JSON.',
  DOC_DIRECTIVE: 'Remove the line. Directives are not supported.',
  DOC_SEVERAL_DOCUMENTS: 'Keep only one document in the file.',
  DOC_DUPLICATE_KEY: 'Remove one of the two entries.',
  DOC_ANCHOR: 'Write the value where it is needed. Anchors are not supported.',
  DOC_ALIAS: 'Write the value. Aliases are not supported.',
  DOC_MERGE_KEY: 'Write the entries. Merge keys are not supported. Put a key that is named << in quotes.',
  DOC_TAG: 'Remove the tag. If the value is text, put it in quotes.',
  DOC_KEY_NOT_STRING: 'Put the key in quotes.',
  DOC_KEY_FORBIDDEN: 'Choose another name.',
  DOC_NUMBER_RANGE: 'Put the number in quotes, or keep it within ±9007199254740991.',
  DOC_NUMBER_PRECISION: 'Put the number in quotes, or use only as many digits as a double can represent.',
  DOC_NUMBER_FORM: 'Write the number in JSON syntax (14, -0.5, 1e3), or put it in quotes if it is text.',
  DOC_NUL: 'Remove the escape. Texts of the database cannot contain U+0000.',
  DOC_LONE_SURROGATE: 'Write the complete character, or both surrogates of the pair.',
  DOC_UNQUOTED_EXPRESSION: 'Put the whole value in quotes: "{{ … }}".',
} as const;

/** A fault of a document before its line and column are known: `offset` counts UTF-16 code units from the start. */
export interface Finding {
  readonly code: DocumentFaultCode;
  readonly path: string;
  readonly offset: number;
  readonly message: string;
  /** What to do about this one; otherwise what `REMEDIES` says of its code. */
  readonly remediation?: string | undefined;
}
