import { otherReasonNote } from './recorded-reason';

const receipt = (reason: string | null) => ({
  payload: Buffer.from(JSON.stringify({ reason })).toString('base64'),
  payloadType: 'application/json',
  signatures: [{ keyid: '', sig: 'AAAA' }],
});

it('says that another reason was recorded than the one that was sent', () => {
  expect(otherReasonNote('read it', receipt('looked at it'))).toBe(
    'you had already made this decision, with the reason "looked at it". That record counts; your reason was not recorded',
  );
  expect(otherReasonNote('read it', receipt(null))).toMatch(/^you had already made this decision, without a reason\./);
  for (const [sent, recorded] of [
    ['read it ', 'read it'],
    [null, null],
    ['', null],
  ] as const)
    expect(otherReasonNote(sent, receipt(recorded))).toBeNull();
});
