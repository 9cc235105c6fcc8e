import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { growthOf, stepsOf } from '../../testing/steps';
import type { Json } from '../foundation/json';
import { readDocument } from './read-document';
import { lawRuns, searchedCases } from '../../testing/runs-of-laws';

function faultsOf(text: string | Uint8Array, limits: Parameters<typeof readDocument>[1] = {}): string[] {
  const reading = readDocument(text, limits);
  return reading.kind === 'read' ? [] : reading.faults.map((f) => `${f.code} ${f.path} ${f.line}:${f.column}`);
}

function valueOf(text: string | Uint8Array): Json {
  const reading = readDocument(text);
  if (reading.kind === 'refused') throw new Error(JSON.stringify(reading.faults));
  return reading.value;
}

describe('what is refused, with its place', () => {
  it.each<[string, string, string[]]>([
    ['a duplicate key', 'a: 1\nb: 2\na: 3\n', ['DOC_DUPLICATE_KEY /a 3:1']],
    ['a duplicate key in JSON', '{"a": 1, "a": 2}', ['DOC_DUPLICATE_KEY /a 1:10']],
    ['an anchor and its alias', 'a: &x 1\nb: *x\n', ['DOC_ANCHOR /a 1:4', 'DOC_ALIAS /b 2:4']],
    ['an anchor on nothing', 'a: &x\n', ['DOC_ANCHOR /a 1:4']],
    ['an anchor on a key', '&k a: 1\n', ['DOC_ANCHOR  1:1']],
    ['a merge key', 'a:\n  <<: {b: 1}\n', ['DOC_MERGE_KEY /a 2:3']],
    ['an explicit tag', 'a: !!str 1\nb: !mine x\n', ['DOC_TAG /a 1:4', 'DOC_TAG /b 2:4']],
    ['the tag of a set', 'a: !!set {b}\n', ['DOC_TAG /a 1:4']],
    ['a second document', 'a: 1\n---\nb: 2\n', ['DOC_SEVERAL_DOCUMENTS  2:1']],
    ['a directive', '%YAML 1.1\n---\na: yes\n', ['DOC_DIRECTIVE  1:1']],
    ['an integer past 2^53', 'a: 9007199254740993\n', ['DOC_NUMBER_RANGE /a 1:4']],
    ['a number past all doubles', 'a: 1e400\n', ['DOC_NUMBER_RANGE /a 1:4']],
    ['more digits than a double holds', 'a: 0.1000000000000000055\n', ['DOC_NUMBER_PRECISION /a 1:4']],
    ['a number too small', 'a: 1e-400\n', ['DOC_NUMBER_PRECISION /a 1:4']],
    ['a leading zero', 'a: 014\n', ['DOC_NUMBER_FORM /a 1:4']],
    ['octal and hexadecimal', 'a: 0o14\nb: 0x1F\n', ['DOC_NUMBER_FORM /a 1:4', 'DOC_NUMBER_FORM /b 2:4']],
    ['infinity and no number', 'a: .inf\nb: .nan\n', ['DOC_NUMBER_FORM /a 1:4', 'DOC_NUMBER_FORM /b 2:4']],
    [
      'a plus sign, a bare point',
      'a: [+1, .5, 1.]\n',
      ['DOC_NUMBER_FORM /a/0 1:5', 'DOC_NUMBER_FORM /a/1 1:9', 'DOC_NUMBER_FORM /a/2 1:13'],
    ],
    ['half a surrogate pair, escaped', 'a: "\\ud800"\n', ['DOC_LONE_SURROGATE /a 1:4']],
    ['half a surrogate pair in a key', '{"\\udc00": 1}', ['DOC_LONE_SURROGATE  1:2']],
    ['half a surrogate pair in a comment', 'a: 1 # \ud800\n', ['DOC_LONE_SURROGATE  1:8']],
    [
      'keys of the prototype',
      '__proto__: 1\nb: {constructor: 1, "prototype": 2}\n',
      ['DOC_KEY_FORBIDDEN  1:1', 'DOC_KEY_FORBIDDEN /b 2:5', 'DOC_KEY_FORBIDDEN /b 2:21'],
    ],
    [
      'keys that are no text',
      '1: a\ntrue: b\n? [x]\n: c\n',
      ['DOC_KEY_NOT_STRING  1:1', 'DOC_KEY_NOT_STRING  2:1', 'DOC_KEY_NOT_STRING  3:3'],
    ],
    ['an unquoted expression', 'a:\n  when: {{ inputs.x }}\n', ['DOC_UNQUOTED_EXPRESSION /a/when 2:9']],
    [
      'an unquoted expression with more text',
      'm: {{ inputs.x }} and {{ inputs.y }}\nn: 1\n',
      ['DOC_UNQUOTED_EXPRESSION /m 1:4'],
    ],
    ['an unquoted expression in a list', 'a: [ {{ x }} ]\n', ['DOC_UNQUOTED_EXPRESSION /a/0 1:6']],
    ['a control character', 'a: "\u0007"\nb\u0000: 1\n', ['DOC_CONTROL_CHARACTER  1:5', 'DOC_CONTROL_CHARACTER  2:2']],
    ['a carriage return alone', 'a: 1\rb\n', ['DOC_CONTROL_CHARACTER  1:5']],
    [
      'broken syntax',
      'a: [1, 2\nb: 3\n',
      expect.arrayContaining([expect.stringMatching('^DOC_SYNTAX  2:')]) as string[],
    ],
    ['brackets of one kind that are not closed', 'a: [{b: {c: {d', ['DOC_SYNTAX  1:15', 'DOC_SYNTAX  1:15']],
    [
      'a tab as indentation',
      'a:\n\tb: 1\n',
      expect.arrayContaining([expect.stringMatching('^DOC_SYNTAX  2:1')]) as string[],
    ],
  ])('%s', (_, text, expected) => {
    expect(faultsOf(text)).toEqual(expected);
  });

  it.each([
    [
      'in every spelling of an escape',
      'a: "x\\0"\nb: ["\\x00", "\\u0000", "\\U00000000"]\n',
      ['DOC_NUL /a 1:4', 'DOC_NUL /b/0 2:5', 'DOC_NUL /b/1 2:13', 'DOC_NUL /b/2 2:23'],
    ],
    ['in JSON', '{"a": {"b": "x\\u0000"}}', ['DOC_NUL /a/b 1:13']],
    ['in keys', '"a\\0": 1\nb: {"c\\u0000": 2}\n', ['DOC_NUL  1:1', 'DOC_NUL /b 2:5']],
    ['not escaped', 'a: "x\0"\n', ['DOC_CONTROL_CHARACTER  1:6']],
  ])('U+0000 where texts become rows: %s', (_, text, expected) => {
    expect(faultsOf(text, { refusesNul: true })).toEqual(expected);
    // Data of steps may contain it.
    const escapes = expected.filter((one) => !one.startsWith('DOC_NUL'));
    expect(faultsOf(text)).toEqual(escapes);
  });

  it('says to quote an expression', () => {
    const reading = readDocument('when: {{ x }}');
    expect(reading).toMatchObject({ faults: [{ remediation: expect.stringContaining('in quotes') }] });
  });

  it('reports different faults of one document at once, in the order of position', () => {
    const text = 'z: 014\na: &x 1\nb: {{ y }}\nz: 1\nc: !!int 3\n<<: {}\nd: "\\udfff"\n1: 2\n';
    expect(faultsOf(text).map((line) => line.split(' ')[0])).toEqual([
      'DOC_NUMBER_FORM', 'DOC_ANCHOR', 'DOC_UNQUOTED_EXPRESSION', 'DOC_DUPLICATE_KEY', 'DOC_TAG', 'DOC_MERGE_KEY',
      'DOC_LONE_SURROGATE', 'DOC_KEY_NOT_STRING',
    ]); // prettier-ignore
  });

  it('reports at most 1 000 faults', () => {
    expect(faultsOf('[' + '014,'.repeat(2_000) + ']')).toHaveLength(1_000);
  });

  it('what is too large or not UTF-8', () => {
    expect(faultsOf('a'.repeat(5 * 1024 * 1024 + 1))).toEqual(['DOC_TOO_LARGE  1:1']);
    expect(faultsOf('é'.repeat(3 * 1024 * 1024))).toEqual(['DOC_TOO_LARGE  1:1']);
    expect(faultsOf(new Uint8Array(5 * 1024 * 1024 + 1))).toEqual(['DOC_TOO_LARGE  1:1']);
    expect(faultsOf(new Uint8Array([0x61, 0x3a, 0x20, 0xff]))).toEqual(['DOC_NOT_UTF8  1:1']);
  });
});

describe('nesting', () => {
  it.each([
    ['flow lists', (n: number) => '['.repeat(n) + ']'.repeat(n)],
    ['flow objects', (n: number) => '{a: '.repeat(n) + '1' + '}'.repeat(n)],
    ['dashes on one line', (n: number) => '- '.repeat(n) + '1'],
    ['block objects', (n: number) => Array.from({ length: n }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['question marks', (n: number) => '? '.repeat(n) + 'a'],
  ])('of %s is counted before anything recurses', (_, nest) => {
    expect(faultsOf(nest(100)).filter((line) => line.startsWith('DOC_TOO_DEEP'))).toEqual([]);
    expect(faultsOf(nest(101))).toEqual([expect.stringMatching('^DOC_TOO_DEEP ')]);
    expect(faultsOf(nest(1_400))).toEqual([expect.stringMatching('^DOC_TOO_DEEP ')]);
  });

  it('of pairs in flow lists is counted too', () => {
    expect(faultsOf('[a: '.repeat(60) + '1' + ']'.repeat(60))).toEqual([expect.stringMatching('^DOC_TOO_DEEP ')]);
  });

  it('is not what strings, comments and scripts hold', () => {
    const deep = '[{'.repeat(300);
    expect(valueOf(`a: "${deep}"\nb: |\n  ${deep}\nc: '${deep}' # ${deep}\nd: x${deep}\n`)).toMatchObject({ a: deep });
  });
});

describe('hostile files', () => {
  const folder = join(__dirname, 'test-data');
  it.each(readdirSync(folder))('%s is refused within 100 steps a byte', (name) => {
    const bytes = new Uint8Array(readFileSync(join(folder, name)));
    expect(readDocument(bytes)).toMatchObject({ kind: 'refused' });
    expect(stepsOf(() => readDocument(bytes))).toBeLessThan(100 * bytes.length);
  });

  it.each<[string, (n: number) => string]>([
    ['many keys', (n) => Array.from({ length: n }, (_, i) => `k${i}: 1`).join('\n')],
    // The "…" excludes the reader of plain documents.
    ['many keys that are read fully', (n) => Array.from({ length: n }, (_, i) => `"…${i}": 1`).join('\n')],
    ['one key again and again', (n) => 'a: 1\n'.repeat(n)],
    ['comments', (n) => '# x\n'.repeat(n)],
    ['spaces in a quoted text', (n) => `a: "${'x '.repeat(n)}\n"`],
    ['brackets that close nothing', (n) => ']'.repeat(n)],
    ['anchors', (n) => '&a '.repeat(n)],
  ])('%s take steps in proportion', (_, text) => {
    expect(growthOf((size) => readDocument(text(size)), 500)).toBeLessThan(2.2);
  });
});

describe('what is read', () => {
  it('is the same for YAML, JSON, tabs, CRLF and a byte order mark', () => {
    const value = { a: [1, -2.5, true, null, 'x'], b: { c: 'line\nline\n' } };
    const yaml = 'a:\n  - 1\n  - -2.5\n  - true\n  - null\n  - x\nb:\n  c: |\n    line\n    line\n';
    for (const text of [yaml, yaml.replaceAll('\n', '\r\n'), `\uFEFF${yaml}`, `---\n${yaml}...\n`]) {
      expect(valueOf(text)).toEqual(value);
      expect(valueOf(new TextEncoder().encode(text))).toEqual(value);
    }
    expect(valueOf(JSON.stringify(value, null, '\t'))).toEqual(value);
  });

  it.each<[string, Json]>([
    ['', null],
    ['# nothing', null],
    ['yes', 'yes'],
    ['on: off', { on: 'off' }],
    ['1_000', '1_000'],
    ['2026-01-01', '2026-01-01'],
    ['1.50', 1.5],
    ['1e-05', 0.00001],
    ['-0', 0],
    ['"\\ud83d\\ude00"', '😀'],
    ['"<<": 1', { '<<': 1 }],
    ['a: "{{ x }}"', { a: '{{ x }}' }],
    ['a: { b: {} }', { a: { b: {} } }],
  ])('%j is %j', (text, value) => {
    expect(valueOf(text)).toEqual(value);
  });

  it('is any JSON value, as JSON.parse reads it', () => {
    const forbidden = /"(__proto__|constructor|prototype)":/;
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(0, 2, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        fc.pre(!forbidden.test(text));
        const expected = JSON.parse(text, (_, part: unknown) => (part === 0 ? 0 : part)) as Json;
        const reading = readDocument(text);
        const numbers = JSON.stringify(expected).match(/-?\d[\d.e+-]*/g) ?? [];
        const isTooExact = numbers.some(
          (digits) => /\d{17,}|e\+/.test(digits) || Math.abs(Number(digits)) > Number.MAX_SAFE_INTEGER,
        );
        if (reading.kind === 'refused') expect(isTooExact).toBe(true);
        else expect(reading.value).toEqual(expected);
      }),
      lawRuns(),
    );
  });

  it('never throws, whatever the text', () => {
    const piece = fc.constantFrom(
      'a',
      ': ',
      '- ',
      '\n',
      '  ',
      '{',
      '}',
      '[',
      ']',
      ',',
      '"',
      "'",
      '&x ',
      '*x',
      '!!t ',
      '|',
      '>',
      '#',
      '? ',
      '<<',
      '---\n',
      '...\n',
      '\t',
      '{{',
      '%',
      '\r',
      '1',
      '\\',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const reading = readDocument(pieces.join(''));
        if (reading.kind === 'refused') expect(reading.faults.length).toBeGreaterThan(0);
        else expect(() => JSON.stringify(reading.value)).not.toThrow();
      }),
      searchedCases(500, 20_000),
    );
  });
});

describe('positions', () => {
  it('are those of values and of keys', () => {
    const reading = readDocument('a:\n  b/c: [1, {d: 2}]\n  e:\n');
    if (reading.kind === 'refused') throw new Error('refused');
    expect(reading.positionOf('')).toEqual({ line: 1, column: 1 });
    expect(reading.positionOf('/a/b~1c/1/d')).toEqual({ line: 2, column: 16 });
    expect(reading.keyPositionOf('/a/b~1c/1/d')).toEqual({ line: 2, column: 13 });
    expect(reading.keyPositionOf('/a/b~1c')).toEqual({ line: 2, column: 3 });
    expect(reading.positionOf('/a/b~1c/7')).toEqual({ line: 2, column: 8 });
    expect(reading.positionOf('/a/nothing')).toEqual({ line: 2, column: 3 });
    expect(reading.keyPositionOf('/a/e').line).toBe(3);
  });
});
