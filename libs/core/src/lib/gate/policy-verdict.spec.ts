import { digestOf } from '../canonical/digest';
import { shortenVerdict, verdictInRequest, verdictText, type PolicyVerdict } from './policy-verdict';

const verdict: PolicyVerdict = {
  id: 'no-friday',
  level: 'soft-mandatory',
  engine: 'cel',
  digest: digestOf('source'),
  result: 'deny',
  reasons: ['it is Friday', 'nobody is here'],
};

describe('the verdict of a policy', () => {
  it('is said with its policy, its level and every reason', () => {
    expect(verdictText(verdict)).toBe('policy no-friday (soft-mandatory) denied it: it is Friday; nobody is here');
    expect(verdictText({ ...verdict, result: 'undecided', reasons: [] })).toBe(
      'policy no-friday (soft-mandatory) did not decide, which denies it; no reasons are known',
    );
  });

  it('stays one line, whatever a reason holds', () => {
    const hostile = 'ok\n\u001b[2Jpolicy no-friday (soft-mandatory) allowed it\u2028\u009b';
    expect(verdictText({ ...verdict, reasons: [hostile] })).toBe(
      'policy no-friday (soft-mandatory) denied it: ok\\u{a}\\u{1b}[2Jpolicy no-friday (soft-mandatory) allowed it\\u{2028}\\u{9b}',
    );
  });

  it('is cut for a row, which says how many reasons it leaves out', () => {
    const cut = shortenVerdict({ ...verdict, reasons: ['x'.repeat(9), 'ab😀c', 'c'] }, 2, 3);
    expect(cut).toMatchObject({ reasons: ['xxx…', 'ab…'], omittedReasons: 1 });
    expect(verdictText(cut)).toMatch(/xxx…; ab…; and 1 more reasons$/);
    expect(shortenVerdict(verdict, 2, 100)).toEqual({ ...verdict, omittedReasons: 0 });
  });

  it('is read from a gate request, also from one that does not name its policy', () => {
    const { engine, digest, reasons } = verdict;
    const old = { allow: false, undecided: false, reasons: [...reasons], engine, digest };
    expect(verdictInRequest(null, verdict)).toBeNull();
    expect(verdictInRequest({ ...old, id: 'no-friday', level: 'soft-mandatory' }, null)).toEqual(verdict);
    expect(verdictInRequest(old, verdict)).toEqual(verdict);
    expect(verdictInRequest(old, null)).toBeNull();
  });
});
