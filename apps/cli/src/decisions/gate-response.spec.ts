import { digestOf } from '@taskrunner/core/canonical';
import type { Terminal } from '../terminal/terminal';
import { formIn, formLines } from './gate-form';
import { askResponse, checkAgreement, checkResponse } from './gate-response';

const FORM = {
  type: 'object',
  required: ['verdict', 'count'],
  additionalProperties: false,
  properties: {
    verdict: { type: 'string', enum: ['accept', 'refuse'], title: 'Verdict', description: 'Of the review\nform  x' },
    count: { type: 'integer', minimum: 1, maximum: 9 },
    urgent: { type: 'boolean', default: false },
    note: { type: 'string', maxLength: 5, pattern: '^[a-z ]*$' },
  },
} as const;

/** A person who gives these answers, and then leaves. */
function person(...answers: readonly string[]) {
  const [asked, said]: string[][] = [[], []];
  const left = [...answers];
  const terminal = {
    say: (line: string) => void said?.push(line),
    ask: (question: string) => {
      asked?.push(question);
      return Promise.resolve(left.shift() ?? null);
    },
  } as unknown as Terminal;
  return { terminal, asked, said };
}

describe('the form of a gate', () => {
  it('is that of the plan with the digest that the request names, also in a map', () => {
    const gate = { kind: 'gate', form: FORM };
    const plan = {
      nodes: [
        { kind: 'gate', form: null },
        { kind: 'map', body: [gate] },
      ],
    };
    expect(formIn(null, plan, digestOf(FORM))).toEqual(FORM);
    for (const sent of [null, FORM])
      expect(() => formIn(sent, plan, digestOf('else'))).toThrow(expect.objectContaining({ code: 'CLI_GATE_DIGEST' }));
  });

  it('is that of the server if it has that digest, in its order', () => {
    const { properties, ...rest } = FORM;
    const sent = { properties: Object.fromEntries(Object.entries(properties).reverse()), ...rest };
    expect(formLines(formIn(sent, {}, digestOf(FORM)))[1]).toBe(
      '  note: string, optional, at most 5 characters, matching ^[a-z ]*$',
    );
  });

  it('is shown with title, type, values, default and description, and no text of the pack at the margin', () => {
    expect(formLines(FORM)).toEqual([
      'form',
      '  verdict: string, required, one of "accept", "refuse"',
      '    Verdict',
      '    Of the review',
      '    form  x',
      '  count: integer, required, 1 to 9',
      '  urgent: boolean, optional, default false',
      '  note: string, optional, at most 5 characters, matching ^[a-z ]*$',
    ]);
    expect(formLines({ type: 'string' })).toEqual(['form', '  a value that matches the JSON Schema {"type":"string"}']);
  });
});

describe('a response', () => {
  it('is asked for field by field, again where a value is not allowed', async () => {
    const { terminal, asked = [], said } = person('', 'maybe', 'accept', 'x', '0', '2', '', 'too long', 'NO', '');
    expect(await askResponse(FORM, { terminal, earlier: null })).toEqual({
      verdict: 'accept',
      count: 2,
      urgent: false,
    });
    expect([asked[0], asked[3], asked.at(-1)]).toEqual([
      'verdict (string, required, one of "accept", "refuse"): ',
      'count (integer, required, 1 to 9): ',
      'note (string, optional, at most 5 characters, matching ^[a-z ]*$): ',
    ]);
    expect(said).toEqual([
      'A value is needed.',
      'Use one of "accept", "refuse".',
      'This is not a number.',
      'The value must be >= 1.',
      'The value must NOT have more than 5 characters.',
      'The value must match pattern "^[a-z ]*$".',
    ]);
  });

  it('is that of earlier approvers where a person enters nothing', async () => {
    const earlier = { verdict: 'refuse', count: 3, urgent: true };
    expect(await askResponse(FORM, { terminal: person('', '', '', '').terminal, earlier })).toEqual(earlier);
  });

  it('is missing where nobody answers; the error names the option and the required fields', async () => {
    await expect(askResponse(FORM, { terminal: person().terminal, earlier: null })).rejects.toMatchObject({
      code: 'CLI_RESPONSE_MISSING',
      exitCode: 2,
      remediation: expect.stringMatching(/--response FILE.*verdict, count/),
    });
  });

  it('that differs from that of earlier approvers is refused before it is sent, with who can withdraw', () => {
    const by = (sub: string, more: object = {}) => {
      return { decision: 'approved', response: { count: 1 }, person: { iss: 'i', sub }, ...more } as never;
    };
    expect(() => checkAgreement({ count: 1 }, [by('grace')])).not.toThrow();
    expect(() => checkAgreement({ count: 2 }, [by('grace', { withdrawn: true })])).not.toThrow();
    expect(() => checkAgreement({ count: 2 }, [by('grace'), by('linus')])).toThrow(
      expect.objectContaining({
        code: 'CLI_RESPONSE_INVALID',
        message: 'grace and linus gave another response: {"count":1}; all approvers confirm the same response',
        remediation:
          'No decision was made. Confirm that response. If it is wrong, grace and linus can withdraw their approvals and approve with another, or you can reject the gate.',
        faults: [],
      }),
    );
  });

  it('that does not match says where', () => {
    expect(() => checkResponse(FORM, { verdict: 'accept', count: 1, notes: '' })).toThrow(
      expect.objectContaining({
        code: 'CLI_RESPONSE_INVALID',
        faults: [
          expect.objectContaining({ message: 'the form has no field notes', remediation: 'Did you mean note?' }),
        ],
      }),
    );
  });
});
