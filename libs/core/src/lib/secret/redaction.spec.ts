import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { lawRuns, searchedCases } from '../../testing/runs-of-laws';
import { Redactor } from './redactor';

interface Cases {
  readonly meta: { readonly secret: string };
  readonly variants: readonly { readonly name: string; readonly text: string; readonly tier: string }[];
  readonly multiline_secret: { readonly value: string };
}

const cases = JSON.parse(readFileSync(join(__dirname, 'test-data', 'redaction-cases.json'), 'utf8')) as Cases;
const { secret } = cases.meta;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const redactor = Redactor.of([bytes(secret)]);

/** What comes out of a stream that is cut at these places. */
function through(one: Redactor, text: string, ...cuts: readonly number[]): string {
  const whole = bytes(text);
  const stream = one.stream();
  if (!stream) return text;
  const ends = [...cuts, whole.length];
  const parts = ends.map((end, i) => stream.push(whole.slice(ends[i - 1] ?? 0, end)));
  return Buffer.concat([...parts, stream.end()]).toString();
}

/** Base64 leaves a character or two at its ends that hold a few bits of the value's neighbours. */
function isMasked(name: string, out: string): boolean {
  if (out.replace(/\0$/, '') === '[redacted]') return true;
  if (/shell/.test(name)) return out === "'[redacted]'";
  return (
    /base64|basic/.test(name) &&
    /^(Authorization: Basic [A-Za-z0-9+/]{0,8})?[A-Za-z0-9+/]{0,3}\[redacted\][A-Za-z0-9+/]{0,3}={0,2}$/.test(out)
  );
}

describe('redaction vectors', () => {
  const wanted = cases.variants.filter(({ tier }) => tier !== 'allowed');
  const cut = { must: 0, other: 0 };

  it.each(wanted.filter(({ name }) => name !== 'split over stdout and stderr'))(
    '$tier: $name, cut at every place',
    ({ name, text, tier }) => {
      const length = bytes(text).length;
      for (let at = 0; at <= length; at++) {
        const out = through(redactor, `<${text}>`, at).slice(1, -1);
        if (!isMasked(name, out)) throw new Error(`cut at ${at}: ${JSON.stringify(out)}`);
        cut[tier === 'must' ? 'must' : 'other']++;
      }
      expect(through(redactor, text, ...Array.from({ length }, (_, at) => at + 1))).toBe(through(redactor, text));
    },
  );

  it('cut every text of tier must at every place', () => {
    process.stderr.write(`redaction: ${cut.must} cuts of tier must, ${cut.other} of the others\n`);
    expect(cut.must).toBeGreaterThan(300);
  });

  it.each(cases.variants.filter(({ tier }) => tier === 'allowed'))('leaves $name', ({ text }) => {
    expect(through(redactor, text)).toBe(text);
  });

  it('masks a secret of several lines whole, and each of its lines of 8 or more', () => {
    const { value } = cases.multiline_secret;
    const one = Redactor.of([bytes(`${value}\n`)]);
    expect(through(one, `<${value}>`)).toBe('<[redacted]>');
    for (const line of value.split('\n')) expect(through(one, `<${line}>`)).toBe('<[redacted]>');
    expect(one.text(JSON.stringify({ key: value }))).toBe('{"key":"[redacted]"}');
    for (let at = 0; at < value.length; at++) expect(through(one, value, at)).toBe('[redacted]');
  });
});

describe('a redactor', () => {
  it('masks the leaves of a JSON secret', () => {
    const one = Redactor.of([
      bytes(
        JSON.stringify({ user: 'svc', password: 'hunter2-hunter2', port: 987612345, key: 'line-one-x\nline-two-y' }),
      ),
    ]);
    expect(one.text('hunter2-hunter2 987612345 line-two-y svc')).toBe('[redacted] [redacted] [redacted] svc');
  });

  it('finds base64 that is wrapped, at whatever column', () => {
    for (let before = 0; before < 90; before++) {
      const wrapped = Buffer.from(`${'x'.repeat(before)}${secret}${'y'.repeat(90)}`)
        .toString('base64')
        .replace(/.{76}/g, '$&\n');
      const out = through(redactor, wrapped, 80);
      expect(Buffer.from(out.replace('[redacted]', ''), 'base64').toString('latin1')).not.toContain(
        secret.slice(4, -4),
      );
      expect(out).toContain('[redacted]');
    }
  });

  it('finds secrets in control sequences and around them', () => {
    expect(through(redactor, `\u001b]0;${secret}\u0007ok`)).toBe('\u001b]0;[redacted]\u0007ok');
    expect(through(redactor, `\u001b[1m${secret}\u001b[0m`)).toBe('\u001b[1m[redacted]\u001b[0m');
    expect(through(redactor, `${[...secret].join('\u001b[32m')}!`)).toBe('[redacted]!');
    expect(through(redactor, `\u001b]0;never ended ${secret}`)).toBe('\u001b]0;never ended [redacted]');
  });

  it('does not hold a line back for a few bytes', () => {
    const stream = redactor.stream();
    expect(Buffer.from(stream?.push(bytes(`${secret}\nends with S\n`)) ?? []).toString()).toBe(
      '[redacted]\nends with S\n',
    );
    expect(Buffer.from(stream?.push(bytes('S3cr3t&V')) ?? []).toString()).toBe('');
    expect(Buffer.from(stream?.end() ?? []).toString()).toBe('S3cr3t&V');
  });

  it('marks secrets behind an escape that never ends once each, however they are cut', () => {
    const text = `${Buffer.from(secret).toString('hex')}\u001b]${secret}${secret}\n`;
    for (let at = 0; at <= text.length; at++)
      expect(through(redactor, text, at)).toBe('[redacted]\u001b][redacted][redacted]\n');
  });

  it('gives the same bytes however the stream is cut, and never the secret', () => {
    const token = fc.oneof(
      fc.constantFrom(
        secret,
        secret.slice(0, 9),
        secret.slice(5),
        encodeURIComponent(secret),
        Buffer.from(secret).toString('base64'),
        Buffer.from(secret).toString('hex'),
      ),
      fc.constantFrom('\n', '\r\n', '\u001b[31m', '\u200b', '\0', 'é', '\u001b', '\u001b]', 'â'),
      fc.string({ maxLength: 12 }),
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), fc.array(fc.nat(200), { maxLength: 6 }), (tokens, places) => {
        const text = tokens.join('');
        const length = bytes(text).length;
        const cuts = places.map((place) => place % (length + 1)).sort((a, b) => a - b);
        const out = through(redactor, text, ...cuts);
        expect(out).toBe(through(redactor, text));
        expect(out).not.toContain(secret);
        if (!tokens.some((one) => one.length > 4)) expect(out).toBe(Buffer.from(bytes(text)).toString());
      }),
      lawRuns(),
    );
  });

  it('finds random secrets in all their spellings', () => {
    const value = fc.string({
      unit: fc.oneof(
        fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }),
        fc.constantFrom('é', '€', '"', "'", '\\', '<', ' '),
      ),
      minLength: 12,
      maxLength: 60,
    });
    fc.assert(
      fc.property(value, (text) => {
        const core = text.trim();
        if (bytes(core).length < 8) return;
        const one = Redactor.of([bytes(core)]);
        for (const spelled of [
          core,
          JSON.stringify(core),
          encodeURIComponent(core),
          encodeURIComponent(encodeURIComponent(core)),
          new URLSearchParams({ v: encodeURIComponent(core) }).toString(),
          Array.from(core, (_, i) => `\\u${core.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
          `$'${core.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`,
          new URLSearchParams({ v: core }).toString(),
          Buffer.from(core).toString('base64'),
          Buffer.from(`user:${core}`).toString('base64url'),
          Buffer.from(`ab${core}cd`).toString('base64'),
          Buffer.from(core).toString('hex').toUpperCase(),
        ])
          expect(one.text(`x ${spelled} y`)).toContain('[redacted]');
      }),
      searchedCases(100, 3_000),
    );
  });

  it('looks into values: texts, names of members, texts that only JSON joins', () => {
    expect(redactor.json({ a: [`x${secret}`], [secret]: 1 })).toEqual({ a: ['x[redacted]'], '[redacted]': 1 });
    expect(redactor.holdsIn({ a: { b: [secret] } })).toBe(true);
    expect(redactor.holdsIn({ [`k-${secret}`]: 1 })).toBe(true);
    expect(redactor.holdsIn({ a: 'S3cr' })).toBe(false);
    expect(Redactor.of([bytes('31415926535')]).holdsIn([31415926535])).toBe(true);
  });

  it('changes nothing without secrets', () => {
    const none = Redactor.of([]);
    expect([none.isIdle, none.stream(), none.text(secret), none.holdsIn(secret)]).toEqual([true, null, secret, false]);
  });
});
