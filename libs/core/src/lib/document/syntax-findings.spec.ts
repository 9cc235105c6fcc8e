import fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { searchedCases } from '../../testing/runs-of-laws';
import { readDocument } from './read-document';

/** The faults of a text as `line:column message`, without code. */
function said(text: string): readonly string[] {
  const reading = readDocument(text);
  return reading.kind === 'read'
    ? []
    : reading.faults.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

/** The remedies of a text's faults. */
function remediesOf(text: string): string {
  const reading = readDocument(text);
  return reading.kind === 'read' ? '' : reading.faults.map(({ remediation }) => remediation).join('\n');
}

const STRAY = 'A list item stands where an entry of an object is expected.';
const NO_COLON = 'There is no colon after a key, or the line is part of a text.';
const NO_SPACE = 'There is no space after the colon of a key.';
const NO_COMMA = 'There is no comma between two values.';
const NOT_ALIKE = 'The line is not indented like the other entries of its object.';
const COLON_IN_TEXT = 'A text that contains a colon followed by a space is not in quotes.';

describe('broken syntax in plain words', () => {
  it.each<[string, string, string, string]>([
    ['an object', '{ a: 1', '1:7 The object that begins with { in line 1, column 1 is not closed.', 'Close it with }'],
    ['a list', '[1, 2', '1:6 The list that begins with [ in line 1, column 1 is not closed.', 'Close it with ]'],
    ['an object before other lines', '{ a: 1\nb: 2\n', '3:1 The object that begins with { in line 1, column 1 is not closed.', 'Close it with }'],
    ['an object below a key', 'spec:\n  x: { a: 1\n  y: 2\nz: 3\n', '3:3 The object that begins with { in line 2, column 6 is not closed.', 'indented more than the line of the {'],
    ['a list below a key', 'a: [1, 2\nb: 3\n', '2:1 The list that begins with [ in line 1, column 4 is not closed.', 'Close it with ]'],
    ['a list whose lines are not indented', 'a: [\n1,\n2\n]\n', '2:1 The list that begins with [ in line 1, column 4 is not closed.', 'indented more than the line of the ['],
    ['a list that is closed as an object', 'a: [1, 2}\n', '1:9 The list that begins with [ in line 1, column 4 is not closed.', 'Close it with ]'],
    ['an inner list', 'a: {b: [1, 2}\n', '1:13 The list that begins with [ in line 1, column 8 is not closed.', 'Close it with ]'],
    ['a bracket too many', 'a: [1, 2]]\n', '1:10 The ] closes nothing.', 'Remove it'],
    ['a text in double quotes', 'x: 1\na: "open\nb: 2\n', '2:4 The text that begins with " has no closing quote.', 'Write " at its end.'],
    ['a text in single quotes', "a: 'Ada's\nb: 2\n", '1:9 Text follows a value that has ended.', 'quotes before it are closed'],
    ['a text in single quotes that ends nowhere', "a: 'open\nb: 2\n", "1:4 The text that begins with ' has no closing quote.", "written ''"],
    ['a text within an object', '{"a": "x\n', '1:7 The text that begins with " has no closing quote.', 'Write " at its end.'],
    ['text after a text in quotes', 'a: "x" y\n', '1:8 Text follows a value that has ended.', 'Put the whole text in quotes'],
    ['a tab as indentation', 'a:\n  b: 1\n\tc: 2\n', '3:1 The line is indented with a tab.', 'Indent with spaces.'],
    ['a tab in an item of a list', 's:\n  a:\n    - b: 1\n\t  c: {}\n    - b: 2\n', '4:1 The line is indented with a tab.', 'Indent with spaces.'],
    ['a line without a colon', 'a: 1\nb\nc: 3\n', `2:1 ${NO_COLON}`, 'Write it as "key: value".'],
    ['a first line without a colon', 'a\nb: 2\n', `1:1 ${NO_COLON}`, 'Write it as "key: value".'],
    ['a colon without a space', 'a:1\nb: 2\n', `1:1 ${NO_SPACE}`, 'A colon needs a space.'],
    ['a colon in a text', 'message: Apply it? yes: no\n', `1:10 ${COLON_IN_TEXT}`, 'Put the text in quotes.'],
    ['an entry indented below a value', 'a: 1\n b: 2\n', '1:4 The next line is indented like a part of this value, which is complete.', 'Indent the next line like the entry'],
    ['a list item among entries', 'steps:\n  id: x\n  - id: y\n', `3:1 ${STRAY}`, 'remove the dash'],
    ['a list item among entries at the margin', 'a: 1\n- b\n', `2:1 ${STRAY}`, 'remove the dash'],
    ['a list item in the line of its key', 'a: - b\n', '1:4 A list item begins in the line of its key.', 'in the next line'],
    ['a list item that is indented less', 'a:\n  - b\n - c\n', `3:1 ${STRAY}`, 'indent it like the items before it'],
    ['an entry after a list', '- a\nb: 1\n', '2:1 The line does not belong to the value before it.', 'Do not mix list items and entries.'],
    ['an entry that is indented less', 'a:\n    b: 1\n  c: 2\n', `3:1 ${NOT_ALIKE}`, 'Indent all entries'],
    ['an entry beside the entries of an item', 'steps:\n  - a: 1\n  b: 2\n', `3:1 ${NOT_ALIKE}`, 'Indent all entries'],
    ['no comma in an object', '{a: 1 b: 2}', `1:5 ${NO_COMMA}`, 'Put a comma between them'],
    ['no comma in JSON', '{"a": 1 "b": 2}', `1:7 ${NO_COMMA}`, 'Put a comma between them'],
    ['two commas', '[1,,2]', '1:4 There is no value before the comma.', 'Remove the comma'],
    ['a character that begins no text', 'a: @x\n', '1:4 A text that is not in quotes cannot begin with @.', 'in quotes'],
    ['an escape that does not exist', 'a: "x\\q"\n', '1:6 \\q is not an escape.', 'single quotes'],
    ['text after the sign of a text', 'a: |x\n  b\n', '1:5 Text follows the | or > with which a text begins.', 'in the next line'],
  ])('%s', (_, text, fault, remedy) => {
    expect(said(text)).toEqual([fault]);
    expect(remediesOf(text)).toContain(remedy);
  }); // prettier-ignore

  it('says where the first of two keys is', () => {
    const text = 'a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n';
    expect(said(text)).toEqual(['5:3 The key "c" is listed twice.']);
    expect(remediesOf(text)).toBe('Remove one of the two entries. The first is in line 3, column 3.');
  });

  it('leaves faults that do not follow from the broken syntax', () => {
    expect(said('a: 014\n1: x\nb: [1, 2\nc: 3\n')).toEqual([
      '1:4 The number 014 is not in JSON syntax.',
      '2:1 The key 1 is not a string.',
      '4:1 The list that begins with [ in line 3, column 4 is not closed.',
    ]);
  });

  it('is never read, whatever else is wrong', () => {
    const piece = fc.constantFrom(
      ...'a|: |- |\n|  |{|}|[|]|,|"|\'|{{|}}|\t|#|1|||@|\\|'.split('|').filter((one) => one !== ''),
      '|',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join('');
        const isBroken = parseAllDocuments(text, { prettyErrors: false, uniqueKeys: false }).some(
          ({ errors }) => errors.length > 0,
        );
        if (isBroken) expect(readDocument(text).kind).toBe('refused');
      }),
      searchedCases(500, 20_000),
    );
  });
});
