import { decodeEnvelope, sealEnvelope } from './envelope';

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
});

function changeable() {
  return structuredClone(made()) as unknown as {
    payload: string;
    payloadType: string;
    signatures: [{ keyid: string; sig: string }];
  };
}
