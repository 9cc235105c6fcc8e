import { explainCode, explainedCodes } from './explain-code';

describe('codes that are explained', () => {
  it('have a meaning and a remedy', () => {
    const codes = explainedCodes();
    expect(codes.length).toBeGreaterThan(150);
    for (const code of codes) {
      expect(explainCode(code)).toMatchObject({
        code,
        meaning: expect.stringMatching(/^[A-Z].*\.$/),
        remediation: expect.stringMatching(/^\S/),
      });
    }
  });

  it('are those of the API with their status, and faults without one', () => {
    expect(explainCode('GATE_SELF_APPROVAL')).toEqual({
      code: 'GATE_SELF_APPROVAL',
      meaning: 'Initiators of the run cannot decide.',
      status: 403,
      remediation: 'Ask a person who did not start the run.',
      retryable: false,
    });
    expect(explainCode('DOC_NOT_UTF8')).toMatchObject({ status: null, remediation: 'Save the document as UTF-8.' });
    expect(explainCode('PACK_KIND')).toMatchObject({ status: null });
    expect(explainCode('INPUT_MISSING')).toMatchObject({ status: null, remediation: 'Set the input.' });
  });

  it.each(['NO_SUCH_CODE', '', 'toString', '__proto__'])('are not %j', (code) => expect(explainCode(code)).toBeNull());
});
