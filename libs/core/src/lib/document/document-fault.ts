/** Everything that can be wrong with a document before anybody asks what it means. */
export type DocumentFaultCode = keyof typeof REMEDIES;

/** What to do about each fault: code → remediation. */
export const REMEDIES = {
  DOC_TOO_LARGE: 'Make the document smaller; move data into files of the pack or into inputs.',
  DOC_TOO_DEEP: 'Nest fewer lists and objects in each other.',
  DOC_NOT_UTF8: 'Save the document as UTF-8.',
  DOC_CONTROL_CHARACTER: 'Remove the character, or write it as an escape inside double quotes.',
  DOC_SYNTAX: 'Correct the syntax: YAML 1.2 or JSON.',
  DOC_DIRECTIVE: 'Remove the line: documents are YAML 1.2, without directives.',
  DOC_SEVERAL_DOCUMENTS: 'Keep one document in the file.',
  DOC_DUPLICATE_KEY: 'Keep one of the two entries.',
  DOC_ANCHOR: 'Write the value out where it is needed; anchors are not read.',
  DOC_ALIAS: 'Write the value out; aliases are not read.',
  DOC_MERGE_KEY: 'Write the entries out; merge keys are not read. A key that is really called << goes in quotes.',
  DOC_TAG: 'Remove the tag; quote the value if it is text.',
  DOC_KEY_NOT_STRING: 'Put the key in quotes.',
  DOC_KEY_FORBIDDEN: 'Choose another name.',
  DOC_NUMBER_RANGE: 'Put the number in quotes, or keep it within ±9007199254740991.',
  DOC_NUMBER_PRECISION: 'Put the number in quotes, or write no more digits than a double holds.',
  DOC_NUMBER_FORM: 'Write the number as JSON does (14, -0.5, 1e3), or put it in quotes if it is text.',
  DOC_LONE_SURROGATE: 'Write the whole character, or both halves of its surrogate pair.',
  DOC_UNQUOTED_EXPRESSION: 'Put the whole value in quotes: "{{ … }}".',
} as const;

/** A fault of a document before its line and column are known: `offset` counts UTF-16 code units from the start. */
export interface Finding {
  readonly code: DocumentFaultCode;
  readonly path: string;
  readonly offset: number;
  readonly message: string;
}
