import { planPack } from '@taskrunner/core/operations';
import { defaultSetting } from '@taskrunner/infrastructure/configuration';
import { readPack } from '@taskrunner/core/pack';
import { EXAMPLE } from './example';
import { inputsTemplate } from './inputs-template';
import { rehearse } from './rehearsal';

const setting = defaultSetting();

describe('a rehearsal of a pack', () => {
  it('plans and simulates what the command line plans', () => {
    const { faults, inputFaults, planned } = rehearse(EXAMPLE, '', setting);
    expect([faults, inputFaults]).toEqual([[], []]);
    const read = readPack(EXAMPLE);
    const expected = planPack(
      { manifest: EXAMPLE, hasLines: true, files: [] },
      {},
      defaultSetting({ pack: read.kind === 'read' ? read : undefined }),
      { tenant: null, signers: [] },
    );
    expect(planned?.planHash).toBe(expected.kind === 'planned' ? expected.planned.planHash : '');
    expect(planned?.graph.nodes.map(({ id }) => id)).toEqual(['greet', 'ask', 'everybody', 'everybody::greet']);
    expect(planned?.simulation).toMatchObject({ status: 'succeeded', approvals: [{ gate: 'ask', minApprovals: 1 }] });
  });

  it('places every fault of the pack, and plans nothing then', () => {
    const { faults, planned } = rehearse(
      EXAMPLE.replace('kind: TaskPack', 'kind: Other').replace('needs: [greet]', 'needs: [grete]'),
      '',
      setting,
    );
    expect(planned).toBeNull();
    expect(faults.map(({ line }) => line)).toEqual([2, 15]);
    expect(rehearse('steps: [', '', setting).faults[0]).toMatchObject({ line: 1 });
  });

  it('tells faults of the inputs from those of the pack', () => {
    const manifest = EXAMPLE.replace('type: string, default: world', 'type: integer, required: true');
    expect(rehearse(manifest, '', setting)).toMatchObject({
      faults: [],
      planned: null,
      inputFaults: [{ path: '/inputs/who' }],
    });
    expect(rehearse(manifest, 'who: 3', setting).planned?.inputs).toEqual({ who: 3 });
    expect(rehearse(manifest, '[1]', setting).inputFaults).toMatchObject([{ code: 'INPUTS_INVALID' }]);
    expect(rehearse(manifest, 'who: [', setting).inputFaults).toMatchObject([{ line: 1 }]);
  });

  it('writes a line for each input that a pack declares', () => {
    const { inputs } = rehearse(EXAMPLE, '', setting);
    expect(inputsTemplate(inputs)).toBe('who: "world"\n');
  });

  it('assumes of an installation what can stand in a bundle', () => {
    expect(JSON.parse(JSON.stringify(setting))).toEqual(setting);
  });
});
