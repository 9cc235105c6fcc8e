import { compareVersions, isPackName, parsePackReference, printPackReference } from './pack-reference';
import { readPack } from './read-pack';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('a reference to a published pack', () => {
  it.each(['demo:1.0.0', 'a:0.0.1-rc.1', 'image-remediation:1.4.0+build.7', `demo@${DIGEST}`])('%s is one', (text) => {
    const reference = parsePackReference(text);
    expect(reference && printPackReference(reference)).toBe(text);
  });

  it.each([
    'demo',
    'demo:',
    ':1.0.0',
    'demo:latest',
    'demo:1.0',
    'demo:01.0.0',
    'demo:1.0.0 ',
    'demo:1.0.0:1.0.0',
    './demo:1.0.0',
    '../x:1.0.0',
    'evil.example/demo:1.0.0',
    'evil.example:5000/demo:1.0.0',
    'https://evil.example/demo:1.0.0',
    'Demo:1.0.0',
    `demo@sha512:${'a'.repeat(128)}`,
    `demo@${DIGEST}x`,
    `demo:1.0.0@${DIGEST}`,
    `demo:1.0.0-${'a'.repeat(128)}`,
  ])('%s is none', (text) => expect(parsePackReference(text)).toBeNull());
});

// project/name-cases.json of the vectors: names that decide authority are ASCII, and look like nothing else.
const HOSTILE = [
  'p\u0430ck',
  '\u0440ack',
  'pack\u00ad',
  'pac\u212a',
  'pack\u202egnp.exe',
  '\u2066pack\u2069',
  '\u0131',
  '\u212bngstrom',
  '\u00c5ngstrom',
  'pack ',
  '\tpack',
  'pack.',
  'Iock',
  '\ud800',
  '..',
  '.',
  'a'.repeat(300),
];

describe('names of packs', () => {
  it.each(HOSTILE)('%j is refused in a reference and in a manifest', (name) => {
    expect([isPackName(name), parsePackReference(`${name}:1.0.0`)]).toEqual([false, null]);
    const metadata = JSON.stringify({ name, version: '1.0.0' });
    const manifest = `{"apiVersion":"stellaops.io/pack.v1","kind":"TaskPack","metadata":${metadata},"spec":{"steps":[]}}`;
    expect(readPack(manifest).kind).toBe('refused');
  });

  it.each(['1ock', 'lock', 'constructor', 'nul'])('%j is a name like any other, if it is ASCII', (name) => {
    expect(parsePackReference(`${name}:1.0.0`)).toEqual({ name, version: '1.0.0', digest: null });
  });

  it.each(['hasOwnProperty', 'toString', '__proto__'])('%j is none', (name) => expect(isPackName(name)).toBe(false));
});

describe('the order of versions', () => {
  // semver.org §11
  const ORDER = [
    '0.9.9',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.0.1',
    '1.2.0',
    '1.10.0',
    '10.0.0',
  ];

  it('is that of semantic versions, whatever the build', () => {
    for (const [i, a] of ORDER.entries())
      for (const [j, b] of ORDER.entries()) expect(Math.sign(compareVersions(`${a}+x`, b))).toBe(Math.sign(i - j));
  });
});
