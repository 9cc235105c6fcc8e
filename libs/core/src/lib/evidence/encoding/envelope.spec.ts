import { decodeEnvelope, sealEnvelope, withKeyid } from './envelope';

const bytes = (text: string) => new TextEncoder().encode(text);
const made = () => sealEnvelope('application/x', bytes('first'), bytes('signature'), 'key');

describe('an envelope', () => {
  it('is decoded once', () => {
    const envelope = made();
    expect(decodeEnvelope(envelope)).toBe(decodeEnvelope(envelope));
    expect(decodeEnvelope(made())).toEqual(decodeEnvelope(envelope));
  });

  it.each([
    ['payload', (other: ReturnType<typeof changeable>) => void (other.payload = 'c2Vjb25k')],
    ['payloadType', (other: ReturnType<typeof changeable>) => void (other.payloadType = 'application/y')],
    ['signature', (other: ReturnType<typeof changeable>) => void (other.signatures[0].sig = 'YW5vdGhlcg==')],
    ['keyid', (other: ReturnType<typeof changeable>) => void (other.signatures[0].keyid = 'other')],
  ])('is decoded again after its %s was changed', (_, change) => {
    const envelope = changeable();
    const before = decodeEnvelope(envelope);
    change(envelope);
    const after = decodeEnvelope(envelope);
    expect(after).not.toEqual(before);
    expect(after).toEqual(decodeEnvelope(structuredClone(envelope)));
  });

  it('that was sealed here is what is decoded of its text, also after a change of it', () => {
    const envelope = made() as unknown as ReturnType<typeof changeable>;
    expect({ ...decodeEnvelope(envelope) }).toEqual({ ...decodeEnvelope(structuredClone(envelope)) });
    envelope.payload = 'c2Vjb25k';
    expect(new TextDecoder().decode(decodeEnvelope(envelope).payload)).toBe('second');
    expect(withKeyid(envelope, 'key')).toEqual(
      sealEnvelope('application/x', bytes('second'), bytes('signature'), 'key'),
    );
  });

  it('that was sealed with no signature is refused like one that was read', () => {
    const envelope = sealEnvelope('application/x', bytes('first'), new Uint8Array(), 'key');
    expect(() => decodeEnvelope(envelope)).toThrow(expect.objectContaining({ code: 'ENVELOPE_MALFORMED' }));
  });
});

describe('an envelope with a hint', () => {
  it('is the same one if it was sealed here with this hint', () => {
    const envelope = made();
    expect(withKeyid(envelope, 'key')).toBe(envelope);
    expect(withKeyid(envelope, 'other')).toEqual(
      sealEnvelope('application/x', bytes('first'), bytes('signature'), 'other'),
    );
  });

  it('has standard base64 and no further members if it was read', () => {
    const payload = Uint8Array.of(0xff, 0xef, 0xbf);
    const read = {
      ...{ payload: '_--_', payloadType: 'application/x', further: 1 },
      signatures: [{ sig: Buffer.from('signature').toString('base64url'), keyid: 'key', further: 1 }],
    };
    expect(withKeyid(read, 'key')).toEqual(sealEnvelope('application/x', payload, bytes('signature'), 'key'));
    // Also if it has been decoded before.
    decodeEnvelope(read);
    expect(withKeyid(read, 'key')).toEqual(sealEnvelope('application/x', payload, bytes('signature'), 'key'));
  });
});

function changeable() {
  return structuredClone(made()) as unknown as {
    payload: string;
    payloadType: string;
    signatures: [{ keyid: string; sig: string }];
  };
}
