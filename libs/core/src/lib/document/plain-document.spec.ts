import fc from 'fast-check';
import type { Json } from '../foundation/json';
import { readFully } from './full-reader';
import { pointerTo } from './json-pointer';
import { LineIndex } from './line-index';
import { readPlain } from './plain-document';
import { readDocument } from './read-document';
import { searchedCases } from '../../testing/runs-of-laws';

/** Number of compared documents of each kind. */
const DOCUMENTS = searchedCases(60, 10_000);

function pointersIn(value: Json, at = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return [at, `${at}/nothing`];
  return [at, `${at}/7`, ...Object.entries(value).flatMap(([name, part]) => pointersIn(part, pointerTo(at, name)))];
}

/** True if it is plain; the full reader must then read the same. */
function isReadAlike(text: string): boolean {
  const plain = readPlain(text, 100);
  if (plain === null) return false;
  const full = readFully(text, new LineIndex(text), 100);
  const quick = readDocument(text);
  if (full.kind === 'refused' || quick.kind === 'refused')
    throw new Error(`only one reads ${JSON.stringify(text)}: ${JSON.stringify(full)}`);
  expect({ text, value: JSON.stringify(quick.value) }).toEqual({ text, value: JSON.stringify(full.value) });
  for (const pointer of pointersIn(full.value)) {
    const places = [quick.positionOf(pointer), quick.keyPositionOf(pointer)];
    expect({ text, pointer, places }).toEqual({
      text,
      pointer,
      places: [full.positionOf(pointer), full.keyPositionOf(pointer)],
    });
  }
  return true;
}

const scalar = fc.constantFrom(
  ...[
    'a',
    'no',
    'null',
    'True',
    '0',
    '-0',
    '12',
    '1.50',
    '1e3',
    '014',
    '0x1F',
    '0o7',
    '1.0.0',
    '90s',
    '-5',
    '-a',
    '1_0',
    '~',
  ],
  ...[
    'builtin:noop',
    'a b',
    'a # b',
    'a#b',
    'a: b',
    'https://x/y?z=1',
    '"{{ inputs.x }}"',
    '{{ x }}',
    '"a\\n\\u00e9"',
    '"\\x41"',
  ],
  ...[
    "'it'",
    "'it''s'",
    '"#"',
    '"a: b"',
    '$x',
    '/a/b',
    '(x)',
    'é',
    '"é"',
    '.5',
    '.inf',
    '*x',
    '&x',
    '!x',
    '|',
    '>',
    '%a',
    '@a',
    '',
    '[]',
    '{}',
  ],
  ...[
    '9007199254740993',
    '2024-01-02',
    '12:30',
    '<<',
    'x,y',
    'x]',
    'a}',
    '---',
    '...',
    '?',
    '- a',
    'yes',
    '"\\ud800"',
    '"a"b',
  ],
);
const name = fc.constantFrom(
  'a',
  'b',
  'id',
  'run',
  'on',
  'null',
  'true',
  '"a b"',
  "'c'",
  'x-y',
  'a.b',
  '1',
  '__proto__',
  '"constructor"',
  '<<',
  'é',
);
const pad = fc.constantFrom('', '', '', '', ' ', '  ', ' # note', '#x', '\n', '\n\n  # note');

/** Lines of YAML, valid or nearly valid. */
const { block } = fc.letrec<{ flow: string; block: readonly string[] }>((tie) => ({
  flow: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('flow'), { maxLength: 3 }).map((parts) => `[${parts.join(', ')}]`),
    fc
      .array(fc.tuple(name, tie('flow'), fc.constantFrom(': ', ': ', ':', ' : ')), { maxLength: 3 })
      .map((parts) => `{ ${parts.map(([key, value, colon]) => key + colon + value).join(', ')} }`),
  ),
  block: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('flow').map((text) => [text]),
    fc
      .array(fc.tuple(tie('block'), pad), { minLength: 1, maxLength: 3 })
      .map((items) =>
        items.flatMap(([[first = '', ...rest], end]) => [`- ${first}${end}`, ...rest.map((line) => `  ${line}`)]),
      ),
    fc
      .array(fc.tuple(name, tie('block'), pad, fc.constantFrom('  ', '  ', '', ' ')), { minLength: 1, maxLength: 3 })
      .map((entries) =>
        entries.flatMap(([key, lines, end, inset]) =>
          lines.length === 1 && !/^-|^\S+:( |$)/.test(lines[0] ?? '')
            ? [`${key}: ${lines[0]}${end}`]
            : [`${key}:${end}`, ...lines.map((line) => inset + line)],
        ),
      ),
  ),
}));

describe('readPlain', () => {
  it('reads as the full reader reads, or leaves it to that', () => {
    let plain = 0;
    fc.assert(
      fc.property(block, fc.constantFrom('\n', '', '\n\n', '\n# end\n'), (lines, end) => {
        if (isReadAlike(lines.join('\n') + end)) plain++;
      }),
      DOCUMENTS,
    );
    expect(plain).toBeGreaterThan(DOCUMENTS.numRuns / 20);
  });

  it('does so for what one character more or less makes of a manifest', () => {
    const text = `# pack
spec:
  inputs: [{ name: hosts, type: array, required: true }]
  steps:
  - id: s0 # first
    when: "{{ inputs.hosts[0] == 'a' }}"
    run: { uses: "builtin:noop", with: { x: -1.5, "y z": [1, true, null] } }

  - id: s1
    needs: [s0]
    map:
      items: '{{ inputs.hosts }}'
      step: { id: one, run: { uses: builtin:noop } }
`;
    expect(isReadAlike(text)).toBe(true);
    const signs = fc.constantFrom(...' \n:-#{}[],"\'&*!|>%@?~0a.\\');
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(2), signs, (at, cut, sign) => {
        isReadAlike(text.slice(0, at) + sign + text.slice(at + cut));
        isReadAlike(text.slice(0, at) + text.slice(at + cut));
      }),
      DOCUMENTS,
    );
  });

  it('reads any JSON document that is ASCII, however it is laid out', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4 }),
        fc.constantFrom(0, 1, 2),
        fc.constantFrom('', '\n'),
        (value, gap, end) => {
          const text = JSON.stringify(value, null, gap) + end;
          isReadAlike(text);
        },
      ),
      { ...DOCUMENTS, numRuns: Math.ceil(DOCUMENTS.numRuns / 3) },
    );
    expect(isReadAlike('{\n"a": [\n1,\n{"b":"x\\n"}\n]\n}\n')).toBe(true);
  });
});
