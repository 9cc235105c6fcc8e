import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { packedPage, unpackedPage } from './packed-page';
import { PAGE_WORDS } from './page-words';
import { lawRuns } from '@taskrunner/core/testing';

const json = fc.json();

describe('a packed page', () => {
  it('gives its texts back', () => {
    fc.assert(
      fc.property(json, fc.option(json), (entries, held) => {
        expect(unpackedPage(packedPage({ entries, held }))).toEqual({ entries, held });
      }),
      lawRuns(),
    );
  });

  it('is what Node.js makes of the same text, whatever was packed before', () => {
    const settings = { level: 6, windowBits: 13, memLevel: 5, dictionary: PAGE_WORDS };
    for (const size of [1, 10_000, 3, 500, 100_000, 30]) {
      const entries = JSON.stringify(Array.from({ length: size }, (_, seq) => ({ at: seq * 7, seq })));
      const deflated = deflateRawSync(Buffer.from(entries), settings);
      expect(packedPage({ entries, held: null }).equals(Buffer.concat([Buffer.of(1), deflated]))).toBe(true);
    }
  });

  it('takes its texts as they are where deflating gains nothing', () => {
    expect(packedPage({ entries: '7', held: null })).toEqual(Buffer.from('\0' + '7'));
  });

  it('takes a quarter of the texts of a step, or less', () => {
    const digest = `sha256:${createHash('sha256').update('a value').digest('hex')}`;
    const outputs = { digest, kind: 'value', size: 7 };
    const events = [
      { execution: 1, outputs, step: 'scan', type: 'attempt.succeeded' },
      {
        ...{ attempts: 1, code: null, exitCode: null, message: null, outputs },
        ...{ status: 'succeeded', step: 'scan', type: 'step.ended' },
      },
      { attempt: 1, execution: 1, step: 'report', type: 'step.started' },
    ];
    const entries = events.map((event, i) => ({ at: 1764000000000 + i, event, kind: 'derived', seq: 5 + i }));
    const texts = { entries: JSON.stringify(entries), held: JSON.stringify({ [digest]: { x: 3 } }) };
    expect(packedPage(texts).length * 4).toBeLessThan(texts.entries.length + texts.held.length);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a packing that nobody knows', Buffer.from('\x02[]')],
    ['bytes that do not inflate', Buffer.from('\x01\xff\xff', 'latin1')],
    ['a page cut short', packedPage({ entries: `[${'"a long text", '.repeat(40)}"end"]`, held: null }).subarray(0, 20)],
  ])('is not: %s', (_, bytes) => {
    expect(unpackedPage(bytes)).toBeNull();
  });

  // Stored pages depend on these bytes: another dictionary is another packing format.
  it('is packed with the words that it was always packed with', () => {
    expect(createHash('sha256').update(PAGE_WORDS).digest('hex')).toBe(
      'a3e7fc184465f9f57215d32475858a290c97a5d67cea4f6d14a0872e05f8758d',
    );
  });
});
