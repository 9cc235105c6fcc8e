import type { Check } from '../verify/check/check';
import { serviceCaveat } from './service-caveat';

const check = (name: Check['name'], basis: Check['basis'], detail = '', ok = true): Check => ({
  ...{ name, ok, basis, detail },
});
const admission = check('admission.signature', 'signed');

it('says what the keys of the services alone prove, and what their holder can state, if a decision has the proof service', () => {
  const said = serviceCaveat([admission, check('decisions.proof', 'signed', 'service, token')]);
  expect(said).toContain('who started the run, and each decision with the proof "service"');
  expect(said).toContain('Whoever holds these keys can state other people, decisions, reasons and times');
  expect(said).toContain('all checks would still hold');
});

it('says it of the start of the run alone, if every decision has a stronger proof, or there is none', () => {
  for (const basis of ['recomputed', 'absent'] as const) {
    const said = serviceCaveat([admission, check('decisions.proof', basis, 'token')]);
    expect(said).toContain('who started the run.');
    expect(said).not.toContain('decision');
  }
});

it('says nothing of a bundle whose signatures were not checked, or do not hold', () => {
  expect(serviceCaveat([])).toBeNull();
  expect(serviceCaveat([check('admission.signature', 'signed', '', false)])).toBeNull();
  expect(serviceCaveat([admission, check('decisions.proof', 'signed', 'no', false)])).toBeNull();
});
