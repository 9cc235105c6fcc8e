import 'reflect-metadata';
import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { sha256 } from '@taskrunner/core/canonical';
import { JsonMeter } from '@taskrunner/core/document';
import type { Response } from 'express';
import type { AuthenticatedRequest } from '../auth/caller';
import { ApiError } from '../problems/problem';
import { BODIES, type BodyName } from './bodies';
import { BodyReader } from './body-reader';
import type { BodyLimits } from './body-limits';
import { RefusedBodies } from './refused-bodies';

const MIB = 1024 ** 2;
const PIECE = 64 * 1024;
const LIMITS: BodyLimits = {
  ...{ largest: 24 * MIB, small: MIB, smallValues: 50_000, levels: 100, keys: 1_000_000, elements: 1_000_000 },
  ...{ direct: PIECE, directValues: 500, memory: 192 * MIB, tenantMemory: 96 * MIB },
  ...{ threads: 2, queue: 256, threadMemory: 256 * MIB, time: 10_000 },
  ...{ discard: MIB, discardTime: 60_000, discardRate: 1024 * MIB },
};

/** A request whose body arrives in pieces, with the number of bytes that were read. `ends`: false if the rest never arrives. */
class Sent extends Readable {
  taken = 0;
  private at = 0;

  constructor(
    private readonly body: string,
    tenant: string,
    readonly headers: Readonly<Record<string, string>> = {},
    private readonly ends = true,
    sub = 'ada',
  ) {
    super({ highWaterMark: PIECE });
    Object.assign(this, { caller: { principal: { tenant, iss: 'https://issuer', sub } } });
  }

  get(name: string): string | undefined {
    return this.headers[name];
  }

  /** A line feed separates the values of a header that is sent several times. */
  get headersDistinct(): Readonly<Record<string, readonly string[]>> {
    return Object.fromEntries(Object.entries(this.headers).map(([name, value]) => [name, value.split('\n')]));
  }

  is(): boolean {
    return true;
  }

  override _read(): void {
    const piece = this.body.slice(this.at, this.at + PIECE);
    this.at += piece.length;
    if (piece !== '') {
      this.taken += piece.length;
      this.push(piece);
    } else if (this.ends) this.push(null);
  }

  get request(): AuthenticatedRequest {
    return this as unknown as AuthenticatedRequest;
  }
}

/** Threads that answer on demand. */
class Threads {
  readonly asked: {
    readonly tenant: string;
    readonly size: number;
    readonly text: string;
    readonly answer: (supplied: unknown) => void;
  }[] = [];

  async ask(tenant: string, _kind: string, { blocks }: { blocks: readonly Uint8Array[] }): Promise<never> {
    const text = Buffer.concat(blocks).toString();
    return new Promise((resolve) => this.asked.push({ tenant, size: text.length, text, answer: resolve as never }));
  }
}

function opened(more: Partial<BodyLimits> = {}) {
  const threads = new Threads();
  return {
    threads,
    reader: new BodyReader({ ...LIMITS, ...more }, threads, new RefusedBodies({ ...LIMITS, ...more })),
  };
}

const codeOf = async (reading: Promise<unknown>): Promise<string> =>
  reading.then(
    () => 'read',
    (error: unknown) => (ApiError.is(error) ? error.code : String(error)),
  );
const turns = async (): Promise<void> => {
  for (let n = 0; n < 10; n++) await new Promise((resolve) => void setImmediate(resolve));
};

const SIZE = 22 * MIB;
const brackets = (before: string) => before + '[],'.repeat(SIZE / 3);
const keys = (before: string) => before + '"k":1,'.repeat(SIZE / 6);

describe('a body that is too much', () => {
  it.each<readonly [string, BodyName, string, number, string]>([
    ['brackets', 'submitRun', brackets('{"inputs":{"o":['), 3 * MIB, 'BODY_TOO_LARGE'],
    ['keys', 'submitRun', keys('{"inputs":{"o":{'), 6 * MIB, 'BODY_TOO_LARGE'],
    ['levels', 'submitRun', '['.repeat(SIZE), 100, 'BODY_UNREADABLE'],
    ['brackets', 'decide', brackets('{"response":['), 150_000, 'BODY_TOO_LARGE'],
    ['keys', 'decide', keys('{"response":{'), 300_000, 'BODY_TOO_LARGE'],
    ['bytes', 'decide', `{"reason":"${'x'.repeat(SIZE)}`, MIB, 'BODY_TOO_LARGE'],
    ['bytes', 'createSchedule', `{"manifest":"${'x'.repeat(SIZE)}`, MIB, 'BODY_TOO_LARGE'],
  ])('is refused while it comes in: %s of %s', async (_, name, body, enough, code) => {
    const { reader, threads } = opened();
    const sent = new Sent(body, 'acme');
    expect(await codeOf(reader.read(sent.request, name))).toBe(code);
    // Bytes that the stream itself reads ahead are additional.
    expect(sent.taken).toBeLessThanOrEqual(enough + 3 * PIECE);
    expect(threads.asked).toEqual([]);
  });

  it('takes memory for what has arrived, whatever length it states', async () => {
    const allocated = jest.spyOn(Buffer, 'allocUnsafeSlow');
    try {
      const sent = new Sent('['.repeat(SIZE), 'acme', { 'content-length': String(SIZE) });
      expect(await codeOf(opened().reader.read(sent.request, 'submitRun'))).toBe('BODY_UNREADABLE');
      expect(allocated.mock.calls.reduce((sum, [size]) => sum + size, 0)).toBeLessThanOrEqual(MIB);
    } finally {
      allocated.mockRestore();
    }
  });

  it.each(Object.keys(BODIES) as BodyName[])('is not read at all where it says so: %s', async (name) => {
    const most = BODIES[name].bringsPack ? LIMITS.largest : LIMITS.small;
    const sent = new Sent('{"a":1}', 'acme', { 'content-length': String(most + 1) });
    expect(await codeOf(opened().reader.read(sent.request, name))).toBe('BODY_TOO_LARGE');
    expect(sent.taken).toBe(0);
  });
});

describe('the encoding of a body', () => {
  it.each([
    ['utf-16', 'BODY_MEDIA_TYPE'],
    ['"ISO-8859-1"', 'BODY_MEDIA_TYPE'],
    ['UTF-8', 'read'],
    ['"utf-8"', 'read'],
    ['us-ascii', 'read'],
    ['utf-8;charset=utf-16', 'BODY_MEDIA_TYPE'],
    ['utf-8; CHARSET = utf-8', 'BODY_MEDIA_TYPE'],
    [`utf-8;charset*=utf-16''x`, 'BODY_MEDIA_TYPE'],
    ['utf-8;charset*0=utf-16', 'BODY_MEDIA_TYPE'],
    ['', 'BODY_MEDIA_TYPE'],
  ])('is UTF-8, not what a charset says: %s', async (charset, outcome) => {
    const body = '{"reason":"x"}';
    const headers = { 'content-length': `${body.length}`, 'content-type': `application/json; Charset=${charset}` };
    const sent = new Sent(body, 'acme', headers);
    expect(await codeOf(opened().reader.read(sent.request, 'cancelRun'))).toBe(outcome);
    expect(sent.taken > 0).toBe(outcome === 'read');
  });
});

describe('the media type of a body', () => {
  it.each([`charset*=utf-16''x`, `Charset*0*=utf-16''x`])('has no extended charset: %s', async (parameter) => {
    const body = '{"reason":"x"}';
    const headers = { 'content-length': `${body.length}`, 'content-type': `application/json;${parameter}` };
    const sent = new Sent(body, 'acme', headers);
    expect(await codeOf(opened().reader.read(sent.request, 'cancelRun'))).toBe('BODY_MEDIA_TYPE');
  });
});

describe('two media types of a body', () => {
  it.each(['application/json\napplication/json', 'application/json\ntext/plain'])('are refused: %j', async (types) => {
    const sent = new Sent('{"reason":"x"}', 'acme', { 'content-length': '14', 'content-type': types });
    expect(await codeOf(opened().reader.read(sent.request, 'cancelRun'))).toBe('BODY_MEDIA_TYPE');
    expect(sent.taken).toBe(0);
  });
});

describe('large bodies', () => {
  const text = JSON.stringify({ manifest: 'x'.repeat(25_000) });
  const sent = (tenant: string, isSaid = true) =>
    new Sent(text, tenant, isSaid ? { 'content-length': String(text.length) } : {}).request;
  const limits = { direct: 10_000, memory: 100_000, tenantMemory: 60_000 };
  const response = () => Object.assign(new EventEmitter(), { closed: false }) as unknown as Response & EventEmitter;

  it.each([true, false])('are so many at once, in all and of one tenant: size told %s', async (isSaid) => {
    const { reader, threads } = opened(limits);
    const first = [sent('acme', isSaid), sent('acme', isSaid)];
    const reading = first.map(async (request) => reader.read(request, 'submitRun'));
    await turns();
    const more = new Sent(text, 'acme', isSaid ? { 'content-length': String(text.length) } : {});
    expect(await codeOf(reader.read(more.request, 'submitRun'))).toBe('BODIES_BUSY');
    if (isSaid) expect(more.taken).toBe(0);
    const other = reader.read(sent('globex', isSaid), 'submitRun');
    await turns();
    expect(await codeOf(reader.read(sent('initech', isSaid), 'submitRun'))).toBe('BODIES_BUSY');
    expect(threads.asked.map(({ tenant }) => tenant)).toEqual(['acme', 'acme', 'globex']);
    threads.asked.forEach(({ answer }) => answer({ kind: 'read', body: 'read' }));
    expect(await Promise.all([...reading, other])).toEqual(['read', 'read', 'read']);
  });

  it('are counted by what has arrived, whatever length they state', async () => {
    const { reader, threads } = opened(limits);
    const stated = { 'content-length': String(limits.tenantMemory) };
    for (let n = 0; n < 8; n++)
      void reader.read(new Sent('{', 'acme', stated, false, `stalled ${n % 2}`).request, 'submitRun');
    await turns();
    const reading = reader.read(sent('acme'), 'submitRun');
    await turns();
    threads.asked[0]?.answer({ kind: 'read', body: 'read' });
    expect(await reading).toBe('read');
  });

  it.each([true, false])('are read in turns from their first parts on: size told %s', async (isSaid) => {
    const { reader } = opened();
    const add = jest.spyOn(JsonMeter.prototype, 'add');
    try {
      const long = `{"manifest":"${'x'.repeat(2 * PIECE)}"}`;
      const headers = isSaid ? { 'content-length': String(long.length) } : {};
      for (let n = 0; n < 50; n++)
        void reader.read(new Sent(long, 'acme', headers, true, `person ${n}`).request, 'submitRun');
      const inTurns: number[] = [];
      while (inTurns.reduce((sum, parts) => sum + parts, 0) < 50) {
        const before = add.mock.calls.length;
        await new Promise((resolve) => void setImmediate(resolve));
        inTurns.push(add.mock.calls.length - before);
      }
      expect(Math.max(...inTurns)).toBeLessThanOrEqual(2);
    } finally {
      add.mockRestore();
    }
  });

  it('of one person leave half of the room of a tenant to others', async () => {
    const { reader, threads } = opened({ ...limits, largest: 26_000 });
    const by = (sub: string) => {
      const request = new Sent(text, 'acme', { 'content-length': String(text.length) }, true, sub).request;
      return reader.read(request, 'submitRun');
    };
    const reading = [by('ada')];
    await turns();
    await expect(by('ada')).rejects.toMatchObject({
      code: 'BODIES_BUSY',
      message: expect.stringContaining(
        'of this person (at most 30000 of the 60000 bytes of http.bodies.tenantMemory)',
      ) as string,
    });
    reading.push(by('grace'));
    await turns();
    await expect(by('linus')).rejects.toMatchObject({ message: expect.stringContaining('of this tenant') as string });
    threads.asked.forEach(({ answer }) => answer({ kind: 'read', body: 'read' }));
    expect(await Promise.all(reading)).toEqual(['read', 'read']);
  });

  it('count until they are answered and their routes have ended', async () => {
    const { reader, threads } = opened(limits);
    const requests = [sent('acme'), sent('acme')];
    const answers = [response(), response()];
    const reading = requests.map(async (request) => reader.read(request, 'submitRun'));
    await turns();
    threads.asked.forEach(({ answer }) => answer({ kind: 'read', body: 'read' }));
    await Promise.all(reading);
    const isBusy = async () => (await codeOf(reader.read(sent('acme'), 'submitRun'))) === 'BODIES_BUSY';
    expect(await isBusy()).toBe(true);
    // The route has ended and its response is being sent; then the client disconnects while its route continues.
    reader.done(requests[0] as never, answers[0] as never);
    Object.assign(answers[1] ?? {}, { closed: true });
    answers[1]?.emit('close');
    expect(await isBusy()).toBe(true);
    answers[0]?.emit('close');
    const again = reader.read(sent('acme'), 'submitRun');
    await turns();
    expect(threads.asked).toHaveLength(3);
    expect(await isBusy()).toBe(true);
    reader.done(requests[1] as never, answers[1] as never);
    threads.asked[2]?.answer({ kind: 'refused', code: 'REQUEST_INVALID', detail: 'no', faults: [] });
    expect(await codeOf(again)).toBe('REQUEST_INVALID');
    const last = reader.read(sent('acme'), 'submitRun');
    await turns();
    expect(threads.asked).toHaveLength(4);
    threads.asked[3]?.answer({ kind: 'read', body: 'read' });
    expect(await last).toBe('read');
  });

  it.each([25_000, 3 * MIB, 3 * MIB + 7])(
    'are passed to a thread in blocks that contain all of it: %i',
    async (size) => {
      const long = `{"manifest":"${'0123456789'.repeat(size / 10)}"}`;
      for (const headers of [{}, { 'content-length': String(long.length) }]) {
        const { reader, threads } = opened({ direct: 10_000 });
        const reading = reader.read(new Sent(long, 'acme', headers).request, 'submitRun');
        for (let n = 0; n < 50 && threads.asked.length === 0; n++) await turns();
        expect(threads.asked.map(({ text: passed }) => passed === long)).toEqual([true]);
        threads.asked[0]?.answer({ kind: 'read', body: 'read' });
        expect(await reading).toBe('read');
      }
    },
  );

  it('are those with many values too, which hold nothing', async () => {
    const { reader, threads } = opened({ ...limits, directValues: 100 });
    const many = `{"manifest":"","inputs":{"o":[${'1,'.repeat(100)}1]}}`;
    const reading = [1, 2, 3].map(async () => reader.read(new Sent(many, 'acme').request, 'submitRun'));
    await turns();
    expect(threads.asked.map(({ size }) => size)).toEqual([many.length, many.length, many.length]);
    threads.asked.forEach(({ answer }) => answer({ kind: 'read', body: 'read' }));
    expect(await Promise.all(reading)).toEqual(['read', 'read', 'read']);
  });

  it('leave small ones alone', async () => {
    const { reader, threads } = opened({ ...limits, memory: 1, tenantMemory: 1 });
    const small = new Sent('{"manifest":"x","inputs":{"a":1}}', 'acme').request;
    expect(await reader.read(small, 'submitRun')).toMatchObject({
      value: { pack: { source: { manifest: 'x' } }, inputs: { values: { a: 1 }, text: null } },
      digests: null,
    });
    const repeatable = new Sent('{"manifest":"x"}', 'acme', { 'idempotency-key': 'k' }).request;
    expect(await reader.read(repeatable, 'submitRun')).toMatchObject({
      digests: { value: sha256('{"manifest":"x"}'), bytes: sha256('{"manifest":"x"}') },
    });
    expect(threads.asked).toEqual([]);
  });
});

describe('the rest of a refused body', () => {
  const restOf = (body: string, ends: boolean, discardTime = 60_000) => {
    const sent = new Sent(body, 'acme', {}, ends);
    return {
      sent,
      discarded: new RefusedBodies({ discard: MIB, discardTime, discardRate: 1024 * MIB }).discard(sent.request),
    };
  };

  it('is read to its end', async () => {
    const { sent, discarded } = restOf('x'.repeat(MIB / 2), true);
    await discarded;
    expect(sent.taken).toBe(MIB / 2);
  });

  it('is read no further than configured', async () => {
    const { sent, discarded } = restOf('x'.repeat(8 * MIB), true);
    await discarded;
    await turns();
    expect([sent.taken > MIB, sent.taken <= MIB + 3 * PIECE]).toEqual([true, true]);
  });

  it('is read no longer than configured, and not after the client has gone', async () => {
    await restOf('x', false, 1).discarded;
    const { sent, discarded } = restOf('x', false);
    sent.destroy();
    await discarded;
  });
});
