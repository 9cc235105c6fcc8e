import type { Json } from '../foundation/json';
import { packText, planned } from '../../testing/planning';
import { simulate } from './simulate';

const text = packText(
  `
- { id: scan, retries: { maxAttempts: 2 }, run: { uses: "builtin:command", with: { command: [scan] }, outputs: { count: { type: integer } } } }
- { id: ask, gate: { approval: owners, message: "how many", form: { type: object, required: [size], properties: { size: { type: integer } } } } }
- { id: sized, run: { uses: "builtin:transform", with: { outputs: { size: "{{ steps.ask.outputs.response.size }}" } } } }
- { id: fits, gate: { policy: small, overrideApproval: owners } }
- { id: firm, gate: { policy: small } }
- { id: each, map: { items: "{{ steps.scan.outputs.list }}", maxItems: 5, steps: [ { id: one, run: { uses: "builtin:noop" } } ] } }`,
  'approvals: [ { id: owners } ]\npolicies: [ { id: small, engine: cel, level: soft-mandatory, source: "true" } ]\noutputs: [ { name: size, type: integer, value: "{{ steps.sized.outputs.size }}" } ]',
).replace('outputs: { count: { type: integer } }', 'outputs: { count: { type: integer }, list: { type: array } }');
const play = (script: Json) => simulate({ planned: planned(text), script });

describe('a script', () => {
  it.each([
    [{ scan: { status: 'failed', outputs: {} } }, 'SCRIPT_IMPOSSIBLE', '/scan/outputs'],
    [{ scan: { error: { code: 'X' } } }, 'SCRIPT_IMPOSSIBLE', '/scan/error'],
    [{ scan: { attempts: 3 } }, 'SCRIPT_IMPOSSIBLE', '/scan/attempts'],
    [{ scan: 'approved' }, 'SCRIPT_IMPOSSIBLE', '/scan'],
    [{ each: 'failed' }, 'SCRIPT_IMPOSSIBLE', '/each'],
    [{ ask: { attempts: 2 } }, 'SCRIPT_IMPOSSIBLE', '/ask/attempts'],
    [{ ask: { policy: 'denies' } }, 'SCRIPT_IMPOSSIBLE', '/ask/policy'],
    [{ fits: { policy: 'maybe' } }, 'SCRIPT_INVALID', '/fits/policy'],
    [{ firm: { policy: 'denies', decision: 'approved' } }, 'SCRIPT_IMPOSSIBLE', '/firm/decision'],
    [{ scan: { policy: 'denies' } }, 'SCRIPT_IMPOSSIBLE', '/scan'],
    [{ ask: { response: { size: 'big' } } }, 'SCRIPT_VALUE', '/ask/response/size'],
    [{ scan: { outputs: { count: 'many', list: [] } } }, 'SCRIPT_VALUE', '/scan/outputs/count'],
    [{ scan: { outputs: { list: [] } } }, 'SCRIPT_VALUE', '/scan/outputs'],
    [{ scan: 'explode' }, 'SCRIPT_INVALID', '/scan'],
    [{ scan: { status: 'explode' } }, 'SCRIPT_INVALID', '/scan/status'],
    [{ ask: { decision: 'approved', outputs: {} } }, 'SCRIPT_IMPOSSIBLE', '/ask/outputs'],
    [{ 'as*': { decision: 'approved', outputs: {} } }, 'SCRIPT_IMPOSSIBLE', '/as*/decision'],
    [{ 'eachh[*]::one': 'failed' }, 'SCRIPT_UNKNOWN_STEP', '/eachh[*]::one'],
  ])('is refused: %j', (script, code, path) => {
    const simulation = play(script);
    expect(simulation.kind === 'refused' && simulation.faults.map((fault) => [fault.code, fault.path])).toEqual([
      [code, path],
    ]);
  });

  it('may name an instance that never comes up: that is noted', () => {
    const noted = (script: Json): readonly string[] => {
      const simulation = play(script);
      if (simulation.kind === 'refused') throw new Error(JSON.stringify(simulation.faults));
      return simulation.assumptions
        .map(({ id, what }) => `${id}: ${what}`)
        .filter((line) => line.includes('never reached'));
    };
    const scan = { outputs: { count: 1, list: [1, 2] } };
    expect(noted({ scan, 'each[1]::one': 'failed', 'each[2]::one': 'failed' })).toEqual([
      'each::one: each[2]::one is never reached: its entry in the script is not used',
    ]);
  });

  it('gives a response, and what is made of it is known', () => {
    const known = play({ ask: { response: { size: 4 } } });
    const unknown = play({});
    expect(known.kind === 'simulated' && known.report.outputs[0]).toMatchObject({ known: true, value: 4 });
    expect(unknown.kind === 'simulated' && unknown.report.outputs[0]).toMatchObject({ known: false });
  });

  it.each([
    [{ fits: 'rejected' }, 'succeeded', null],
    [{ fits: { policy: 'denies' } }, 'succeeded', null],
    [{ fits: { policy: 'denies', decision: 'rejected' } }, 'failed', 'GATE_REJECTED'],
    [{ fits: { policy: 'denies', decision: 'expired' } }, 'failed', 'GATE_EXPIRED'],
    [{ fits: { policy: 'allows', decision: 'rejected' } }, 'succeeded', null],
    [{ firm: { policy: 'denies' } }, 'failed', 'POLICY_DENIED'],
  ])('says what a policy answers, and what people do then: %j', (script, status, code) => {
    expect(play(script)).toMatchObject({ kind: 'simulated', status, code });
  });

  it('lists what is assumed, in the order of the plan', () => {
    const simulation = play({ fits: { policy: 'allows' }, firm: { policy: 'allows' } });
    expect(simulation.kind === 'simulated' && simulation.assumptions).toEqual([
      { id: 'scan', what: 'it succeeds' },
      { id: 'ask', what: 'one person approves' },
      { id: 'sized', what: 'steps.ask.outputs.response.size is not known, so values that depend on it are unknown' },
      { id: 'each', what: 'one item: steps.scan.outputs.list is not known' },
    ]);
    const scripted = play({
      scan: { outputs: { count: 2, list: [1, 2] } },
      ask: { response: { size: 1 } },
      'f*': 'approved',
    });
    expect(scripted.kind === 'simulated' && [...scripted.steps.keys()]).toContain('each[1]::one');
    expect(scripted.kind === 'simulated' && scripted.assumptions).toEqual([]);
  });
});
