import fc from 'fast-check';
import { fullConfiguration, fullEnvironment, fullFiles, fullManifest } from '../../../testing/full-manifest';
import { replacedAt } from '../../../testing/json-edit';
import { packText, testConfiguration, testEnvironment } from '../../../testing/planning';
import { lawRuns } from '../../../testing/runs-of-laws';
import { pointerTo } from '../../document/json-pointer';
import { isJsonArray, isJsonObject, type Json } from '../../foundation/json';
import { planPack } from './pack-source';

const RUNS = lawRuns(40);
const setting = { environment: testEnvironment, configuration: testConfiguration };

function faultsOf(manifest: string) {
  const planning = planPack({ manifest, hasLines: true, files: [] }, {}, setting);
  return planning.kind === 'refused' ? planning : { code: null, faults: [] };
}
const shown = (manifest: string): readonly string[] =>
  faultsOf(manifest).faults.map(({ code, line, column }) => `${code} ${line}:${column}`);

describe('what cannot be read', () => {
  it('hides no fault that does not rest on it', () => {
    const manifest = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: ten-faults, version: one }
spec:
  inputs:
    - { name: regions, type: array, requird: true }
    - { name: dryRun, type: boolean }
  approvals: [ { id: owners, minApprovals: 0 } ]
  steps:
    - id: scan
      run: { uses: "builtin:comand", with: { command: [x] } }
    - id: check
      when: "{{ inputs.dryrun }}"
      run: { uses: "builtin:noop", with: { a: "{{ steps.scam.outputs.x }}" } }
    - id: approve
      retries: { maxAttempts: 2 }
      gate: { approval: ownrs, message: "go" }
    - id: roll
      map: { items: "{{ inputs.dryRun }}", step: { id: one, run: { uses: "builtin:noop" } } }
    - id: late
      run: { uses: "builtin:noop", with: { t: "{{ inputs.dryRun > 1 }}" } }
`;
    expect(faultsOf(manifest).code).toBe('PACK_INVALID');
    expect(shown(manifest)).toEqual([
      'PACK_VERSION 3:40',
      'PACK_UNKNOWN_FIELD 6:37',
      'PACK_RANGE 8:44',
      'EXECUTOR_UNKNOWN 11:20',
      'EXPR_UNKNOWN_NAME 13:24',
      'EXPR_UNKNOWN_NAME 14:51',
      'PACK_GATE_FIELD 16:7',
      'PACK_UNKNOWN_APPROVAL 17:25',
      'MAP_ITEMS_TYPE 19:21',
      'EXPR_TYPE 21:51',
    ]);
  });

  it('names a step that there is not, also where another waits for one that there is not', () => {
    const manifest = packText(
      '- { id: first, needs: [none], run: { uses: "builtin:noop" } }\n- { id: second, run: { uses: "builtin:noop", with: { x: "{{ steps.third.status }}" } } }',
    );
    expect(faultsOf(manifest).faults.map(({ code }) => code)).toEqual(['PACK_NEEDS_UNKNOWN', 'EXPR_UNKNOWN_NAME']);
  });

  it.each([
    ['an id', '- { id: "Not An Id", run: { uses: "builtin:noop", with: { x: 1 } } }'],
    ['a missing id', '- { run: { uses: "builtin:noop", with: { x: 1 } } }'],
    ['a step', '- 7'],
    ['a kind', '- { id: first, rum: { uses: "builtin:noop" } }'],
    [
      'outputs',
      '- { id: first, run: { uses: "builtin:command", with: { command: [a] }, outputs: { x: { type: strng } } } }',
    ],
  ])('says nothing of what rests on %s', (_what, step) => {
    const manifest = packText(
      `${step}\n- { id: second, when: "{{ steps.first.outputs.x == 1 }}", run: { uses: "builtin:noop" } }`,
    );
    const codes = faultsOf(manifest).faults.map(({ code }) => code);
    expect(codes.length).toBeGreaterThan(0);
    expect(codes.filter((code) => !code.startsWith('PACK_'))).toEqual([]);
  });

  it('gives no second fault for one mistake, wherever it is', () => {
    const places = everyPlace(fullManifest, '');
    const full = { environment: fullEnvironment, configuration: fullConfiguration };
    const files = fullFiles
      .paths()
      .map((path) => ({ path, bytes: fullFiles.read(path) ?? new Uint8Array(), executable: false }));
    let refused = 0;
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.constantFrom<Json>(7.5, [[]], { odd: 1 }, null), (place, odd) => {
        const manifest = JSON.stringify(replacedAt(fullManifest, place, odd));
        const planning = planPack({ manifest, hasLines: true, files }, {}, full);
        if (planning.kind === 'planned' || planning.code !== 'PACK_INVALID') return;
        refused++;
        const more = planning.faults.filter(({ code }) => !code.startsWith('PACK_') && !code.startsWith('DOC_'));
        if (more.length > 0) throw new Error(JSON.stringify({ place, odd, more }));
      }),
      RUNS,
    );
    expect(refused).toBeGreaterThan(RUNS.numRuns / 3);
  });
});

function everyPlace(value: Json, at: string): readonly string[] {
  const below = isJsonArray(value)
    ? value.flatMap((one, index) => everyPlace(one, pointerTo(at, index)))
    : isJsonObject(value)
      ? Object.entries(value).flatMap(([name, one]) => everyPlace(one, pointerTo(at, name)))
      : [];
  return at === '' ? below : [at, ...below];
}
