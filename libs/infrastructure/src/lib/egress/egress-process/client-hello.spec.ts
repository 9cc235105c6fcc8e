import fc from 'fast-check';
import { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import { readClientHello } from './client-hello';
import { lawRuns } from '@taskrunner/core/testing';

/** The first bytes that a real TLS client sends. */
function helloOf(servername: string | undefined): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        resolve(chunk);
        done();
        setImmediate(() => tls.destroy());
      },
    });
    const tls = connect({ socket, ...(servername === undefined ? {} : { servername }) });
    tls.on('error', () => undefined);
  });
}

/** A ClientHello with exactly these extensions. */
function crafted(extensions: readonly (readonly [number, Buffer])[]): Buffer {
  const sized = (bytes: Buffer, length: number): Buffer => {
    const head = Buffer.alloc(length);
    head.writeUIntBE(bytes.length, 0, length);
    return Buffer.concat([head, bytes]);
  };
  const list = Buffer.concat(
    extensions.map(([type, body]) => Buffer.concat([Buffer.from([type >> 8, type & 255]), sized(body, 2)])),
  );
  const body = Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32), sized(Buffer.alloc(0), 1), sized(Buffer.from([0x13, 1]), 2), sized(Buffer.from([0]), 1), sized(list, 2)]); // prettier-ignore
  return record(Buffer.concat([Buffer.from([1]), sized(body, 3)]));
}

function record(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([22, 3, 1, bytes.length >> 8, bytes.length & 255]), bytes]);
}

const name = (...hosts: string[]): Buffer => {
  const entries = Buffer.concat(
    hosts.map((host) => Buffer.concat([Buffer.from([0, host.length >> 8, host.length & 255]), Buffer.from(host)])),
  );
  return Buffer.concat([Buffer.from([entries.length >> 8, entries.length & 255]), entries]);
};

describe('a ClientHello', () => {
  it('of a real client names its host', async () => {
    expect(readClientHello(await helloOf('Api.Allowed.test'))).toEqual({ kind: 'read', sni: 'api.allowed.test' });
    expect(readClientHello(await helloOf(undefined))).toMatchObject({ kind: 'refused', code: 'EGRESS_SNI_MISSING' });
  });

  it('is read the same wherever it is cut, also over records', async () => {
    const whole = await helloOf('api.allowed.test');
    const message = whole.subarray(5);
    for (let at = 0; at < whole.length; at++)
      expect([at, readClientHello(whole.subarray(0, at)).kind]).toEqual([at, 'partial']);
    for (const size of [1, 2, 3, 5, 64, 200]) {
      const parts: Buffer[] = [];
      for (let at = 0; at < message.length; at += size) parts.push(record(message.subarray(at, at + size)));
      expect(readClientHello(Buffer.concat(parts))).toEqual({ kind: 'read', sni: 'api.allowed.test' });
    }
  });

  it.each<[string, Buffer, string, string | null]>([
    ['one name', crafted([[0, name('a.test')]]), 'a.test', 'a.test'],
    ['no extensions', crafted([]), 'EGRESS_SNI_MISSING', null],
    ['the extension twice', crafted([[0, name('a.test')], [0, name('b.test')]]), 'EGRESS_TLS_INVALID', null],
    ['two names in one', crafted([[0, name('a.test', 'b.test')]]), 'EGRESS_TLS_INVALID', null],
    ['an empty list', crafted([[0, name()]]), 'EGRESS_TLS_INVALID', null],
    ['an empty name', crafted([[0, name('')]]), 'EGRESS_TLS_INVALID', null],
    ['a control character in the name', crafted([[0, name('a.test\0.b')]]), 'EGRESS_TLS_INVALID', null],
    ['ECH', crafted([[0, name('a.test')], [0xfe0d, Buffer.from([0, 0])]]), 'EGRESS_ECH', 'a.test'],
    ['ESNI', crafted([[0xffce, Buffer.from([0])]]), 'EGRESS_ECH', null],
    ['a body cut short', Buffer.concat([record(Buffer.from([1, 0, 0, 2, 3, 3]))]), 'EGRESS_TLS_INVALID', null],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'EGRESS_TLS_INVALID', null],
    ['SSH', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'), 'EGRESS_TLS_INVALID', null],
    ['SSL 2', Buffer.from([0x80, 0x2e, 1, 0, 2]), 'EGRESS_TLS_INVALID', null],
    ['an empty record', Buffer.from([22, 3, 1, 0, 0]), 'EGRESS_TLS_INVALID', null],
    ['a record too long', Buffer.from([22, 3, 1, 0x40, 1]), 'EGRESS_TLS_INVALID', null],
    ['another handshake message', record(Buffer.from([2, 0, 0, 0])), 'EGRESS_TLS_INVALID', null],
    ['more in its last record', Buffer.concat([record(Buffer.concat([crafted([[0, name('a.test')]]).subarray(5), Buffer.from([0])]))]), 'EGRESS_TLS_INVALID', null],
  ])('with %s', (_, bytes, expected, sni) => {
    const reading = readClientHello(bytes);
    const shown = reading.kind === 'read' ? [reading.sni, reading.sni] : reading.kind === 'refused' ? [reading.code, reading.sni] : [reading.kind, null];
    expect(shown).toEqual([expected, sni]);
  }); // prettier-ignore

  it('is never more than a refusal, whatever comes', () => {
    const noise = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(noise, (bytes) => ['partial', 'refused'].includes(readClientHello(bytes).kind)),
      lawRuns(),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const bytes = crafted([[0, name('a.test')]]);
        bytes[at % bytes.length] = value;
        const reading = readClientHello(bytes);
        // A changed byte may yield another name, but never two interpretations of the same bytes.
        expect(reading.kind === 'read' && reading.sni === '').toBe(false);
      }),
      lawRuns(),
    );
  });
});
