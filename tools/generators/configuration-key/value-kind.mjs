import { refuse } from '../refusal.mjs';

const DURATIONS = [
  ['d', 86_400_000, 'DAY'],
  ['h', 3_600_000, 'HOUR'],
  ['m', 60_000, 'MINUTE'],
  ['s', 1_000, 'SECOND'],
  ['ms', 1, null],
];
const SIZES = [
  ['GiB', 1024 ** 3, 'GIB'],
  ['MiB', 1024 ** 2, 'MIB'],
  ['KiB', 1024, 'KIB'],
  ['B', 1, null],
];
const NUMBERS = [['', 1, null]];
/** Texts that YAML would parse as another type are not accepted as defaults. */
const PLAIN = /^(?!(?:true|false|null|yes|no|on|off|y|n)$)[A-Za-z][A-Za-z0-9._/-]*$/i;

/** Kind, default and bounds of a key, in the formats of the table, the sample and a test. */
export function valueKindOf({ type, minimum, maximum, ...options }) {
  if (type !== 'flag' && type !== 'text') return measuredOf(type, minimum, maximum, options);
  for (const [option, value] of Object.entries({ minimum, maximum }))
    if (value !== undefined) refuse(option, `a ${type} has no bounds.`, 'Leave it out.');
  const written = String(options.default);
  const isRight = type === 'flag' ? /^(true|false)$/ : PLAIN;
  const noun = type === 'flag' ? 'true or false' : 'a word of letters, digits, ., _, / and - that begins with a letter';
  if (!isRight.test(written))
    refuse('default', `${JSON.stringify(written)} is not what a ${type} is.`, `Write ${noun}.`);
  if (type === 'flag')
    return {
      ...{ kind: 'flag', imports: ['flag'], units: [], unit: null, written, absent: written, value: written },
      other: written === 'true' ? 'false' : 'true',
      otherValue: written === 'true' ? 'false' : 'true',
      refused: [['0', 'CONFIG_TYPE']],
    };
  return {
    ...{
      kind: 'text',
      imports: ['text'],
      units: [],
      unit: null,
      written,
      absent: `'${written}'`,
      value: `'${written}'`,
    },
    other: 'another',
    otherValue: "'another'",
    refused: [
      ['1', 'CONFIG_TYPE'],
      ['""', 'CONFIG_FORMAT'],
    ],
  };
}

function measuredOf(type, minimum, maximum, options) {
  const scale = { duration: DURATIONS, size: SIZES, number: NUMBERS }[type];
  const read = (option, value) => parse(option, value, type, scale);
  const absent = read('default', options.default);
  const least = minimum === undefined ? 1 : read('minimum', minimum);
  const most = maximum === undefined ? Math.max(absent * 100, least + 1) : read('maximum', maximum);
  if (least >= most) refuse('maximum', 'it is not above the minimum.', 'Write a larger one.');
  if (absent < least || absent > most)
    refuse('default', 'it is outside of its bounds.', 'Write one between minimum and maximum.');
  const codes = [least, most, absent].map((value) => codeOf(value, scale));
  const other = absent === most ? least : most;
  return {
    kind: `${type}(${codes[0].text}, ${codes[1].text})`,
    imports: [type],
    units: [...new Set(codes.flatMap(({ unit }) => (unit === null ? [] : [unit])))],
    unit: { duration: 'ms, s, m, h, d', size: 'KiB, MiB, GiB', number: options.unit ?? null }[type],
    written: print(absent, scale),
    absent: codes[2].text,
    value: literal(absent),
    other: print(other, scale),
    otherValue: literal(other),
    refused: [
      [print(most + 1, scale), 'CONFIG_RANGE'],
      ['yes', type === 'number' ? 'CONFIG_TYPE' : 'CONFIG_FORMAT'],
    ],
  };
}

function parse(option, value, type, scale) {
  const [, digits, unit] = /^([0-9]{1,9})([A-Za-z]*)$/.exec(String(value)) ?? [];
  const factor = scale.find(([name]) => name === unit)?.[1];
  if (digits === undefined || factor === undefined) {
    const example = { number: '16', duration: '500ms, 90s, 30m, 4h or 7d', size: '64KiB, 24MiB or 1GiB' }[type];
    refuse(option, `${JSON.stringify(value)} is no ${type}.`, `Write one such as ${example}.`);
  }
  return Number(digits) * factor;
}

/** Like the parser's own printer: the largest unit that divides the value; a day is 24h. */
function print(value, scale) {
  const [unit, factor] =
    scale.find(([name, one]) => value % one === 0 && value >= one && !(name === 'd' && value === one)) ?? scale.at(-1);
  return `${value / factor}${unit}`;
}

/** In the format of the sections: `8 * SECOND`. */
function codeOf(value, scale) {
  const [, factor, unit] = scale.find(([, one, name]) => name !== null && value % one === 0 && value >= one) ?? [
    null,
    1,
    null,
  ];
  if (unit === null) return { text: literal(value), unit };
  return { text: value === factor ? unit : `${literal(value / factor)} * ${unit}`, unit };
}

const literal = (value) => value.toLocaleString('en-US').replaceAll(',', value < 1_000 ? '' : '_');
