import { responseFaults } from './response-faults';

const FORM = {
  type: 'object',
  required: ['verdict'],
  additionalProperties: false,
  properties: { verdict: { enum: ['accept', 'refuse'] }, ticket: { type: 'string' } },
};

describe('a response to the form of a gate', () => {
  it('is without faults if it matches', () => {
    expect(responseFaults(FORM, { verdict: 'accept' })).toEqual([]);
  });

  it('with a field that the form does not have names the field and the nearest', () => {
    const faults = responseFaults(FORM, { verdict: 'accept', tickt: 'SEC-1', zzz: 1 });
    expect(faults?.map(({ message, remediation }) => [message, remediation])).toEqual([
      ['the form has no field tickt', 'Did you mean ticket?'],
      ['the form has no field zzz', 'Its fields are: verdict, ticket.'],
    ]);
  });

  it('of another type says what is needed', () => {
    expect(responseFaults(FORM, { verdict: 'accept', ticket: 7 })).toMatchObject([
      { code: 'GATE_RESPONSE_INVALID', path: '/response/ticket', message: 'must be string' },
    ]);
    expect(responseFaults(FORM, null)).toHaveLength(1);
  });

  it('is not compared with a form that is no schema', () => {
    expect(responseFaults({ type: 'nothing' }, {})).toBeNull();
  });
});
