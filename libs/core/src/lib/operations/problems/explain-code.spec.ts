import { codesOf, packText } from '../../../testing/planning';
import { PACK_REMEDIES } from '../../pack/reading/pack-fault';
import { PLAN_REMEDIES } from '../../planner/context/plan-fault';
import { explainCode, explainedCodes } from './explain-code';
import { CAUSED, causeOf } from './fault-causes';

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

  const OF_PACKS = [...Object.keys(PACK_REMEDIES), ...Object.keys(PLAN_REMEDIES)].filter((code) =>
    /^(PACK|EXPR|PLAN)_/.test(code),
  );
  it.each([...new Set([...OF_PACKS, ...CAUSED])])('have a cause and a remedy of their own: %s', (code) => {
    const { meaning = '', remediation = '' } = explainCode(code) ?? {};
    expect(meaning).toMatch(/^[A-Z].{15,}\.$/);
    expect(meaning).not.toMatch(/^An error in /);
    expect(remediation).toMatch(/^[A-Z].{5,}[.}]$/);
  });

  const examples = CAUSED.flatMap((code) => {
    const { example } = causeOf(code) ?? {};
    return example === undefined ? [] : [[code, example.wrong, example.right] as const];
  });
  it('have an example where they are common', () => expect(examples.length).toBeGreaterThanOrEqual(10));
  it.each(examples)('have an example with this fault, and a correct one without any: %s', (code, wrong, right) => {
    expect(codesOf(packText(wrong))).toContain(code);
    expect(codesOf(packText(right))).toEqual([]);
  });

  it.each(['NO_SUCH_CODE', '', 'toString', '__proto__'])('are not %j', (code) => expect(explainCode(code)).toBeNull());
});
