import { packText, testConfiguration, testEnvironment } from '../../../testing/planning';
import type { Fault } from '../../foundation/fault';
import type { Json, JsonObject } from '../../foundation/json';
import type { Principal } from '../../foundation/principal';
import { admitPack } from './admissible-pack';
import { PackPlanner } from '../planning/pack-planner';
import type { PackFile } from './pack-source';
import { planningContextOf, PlannerHere } from '../planning/planning-work';
import type { Submission } from '../submission/submission';
import { SubmitRun, type SubmitRunDependencies } from '../submission/submit-run';

const PIN = 'pin-3f9a-77c1-0b2d';
const setting = { environment: testEnvironment, configuration: { ...testConfiguration, sensitiveInputs: true } };
const file = (path: string, text: string): PackFile => {
  return { path, bytes: new TextEncoder().encode(text), executable: false };
};
const manifest = (message = 'go', more = ''): string =>
  packText(
    `- { id: ask, gate: { approval: owners, message: "${message}" } }\n- { id: a, run: { uses: "builtin:command", with: { command: [x] }, env: { PIN: "{{ inputs.pin }}" } } }`,
    `inputs:
  - { name: pin, type: string, required: true, sensitive: true }
  - { name: note, type: string }
  - { name: keys, type: object, sensitive: true }
approvals: [ { id: owners, minApprovals: 1 } ]
${more}`,
  );

function admitted(text: string, inputs: JsonObject, files: readonly PackFile[] = []) {
  return admitPack({ manifest: text, hasLines: true, files }, { pin: PIN, ...inputs }, setting);
}

describe('the value of a sensitive input is refused where evidence would hold it', () => {
  it.each<readonly [string, string, JsonObject, readonly PackFile[], readonly string[]]>([
    ['manifest', manifest(`use ${PIN}`), {}, [], ['the manifest', 'the normalised manifest', 'the plan']],
    ['comment of the manifest', `${manifest()}# ${PIN}\n`, {}, [], ['the manifest']],
    ['another input', manifest(), { note: `is ${PIN}` }, [], ['the plan']],
    ['pack file', manifest(), {}, [file('a.txt', 'x'), file('run.sh', `echo ${PIN}`)], ['the pack file run.sh']],
    [
      'pack file, in another spelling',
      manifest(),
      {},
      [file('run.sh', Buffer.from(`x${PIN}`).toString('base64'))],
      ['the pack file run.sh'],
    ],
    ['name of a file', manifest(), {}, [file(`${PIN}.txt`, 'x')], ['the pack file [redacted].txt']],
    [
      'file of a published pack',
      manifest(),
      {},
      [file('.taskrunner/packs/b:1.0.0/run.sh', `echo ${PIN}`)],
      ['the pack file .taskrunner/packs/b:1.0.0/run.sh'],
    ],
  ])('%s', (_, text, inputs, files, places) => {
    const planning = admitted(text, inputs, files);
    expect(planning).toMatchObject({ kind: 'refused', code: 'PLAN_INVALID' });
    const faults = (planning as { faults: readonly Fault[] }).faults;
    expect(faults.map(({ code, path, message }) => [code, path, message])).toEqual(
      places.map((place) => [
        'SENSITIVE_INPUT_IN_PACK',
        '/inputs/pin',
        `${place} contains the value of the sensitive input pin.`,
      ]),
    );
    expect(JSON.stringify(faults)).not.toContain(PIN);
  });

  it('of an object each value is looked for', () => {
    const keys = { keys: { api: 'k-99-aa-77-bb-1234' } };
    expect(admitted(manifest('use k-99-aa-77-bb-1234'), keys)).toMatchObject({
      faults: [{ path: '/inputs/keys' }, { path: '/inputs/keys' }, { path: '/inputs/keys' }],
    });
  });

  it('a pack without it, and files that do not belong to the pack, are admitted', () => {
    const files = [file('.packignore', 'notes.txt\n'), file('notes.txt', PIN), file('run.sh', 'echo')];
    expect(admitted(manifest(), {}, files)).toMatchObject({ kind: 'planned', sensitive: { pin: JSON.stringify(PIN) } });
  });
});

describe('a submission', () => {
  const dependencies = {
    planner: new PackPlanner(setting, new PlannerHere(planningContextOf(setting))),
    judge: {
      policy: { keys: [] },
      judge: async () => ({ refusal: null, signers: [], signatures: [] }),
    },
    uploads: { find: async () => new Map() },
    resolvePack: null,
  } as unknown as SubmitRunDependencies;
  const principal = { tenant: 'acme', iss: 'https://issuer.test', sub: 'ada', name: 'Ada', kind: 'human', actors: [] };
  const check = (change: Partial<Submission>, by: object = {}) =>
    new SubmitRun(dependencies).check({ ...principal, ...by } as unknown as Principal, {
      source: { manifest: manifest(), hasLines: true, files: [] },
      signatures: [],
      inputs: { pin: PIN },
      planHash: null,
      receipt: null,
      labels: {},
      idempotency: null,
      ...change,
    });

  it.each<readonly [string, Partial<Submission>, object, string]>([
    ['label', { labels: { team: `t ${PIN}` } }, {}, 'the label team'],
    ['name of a label', { labels: { [PIN]: 'x' } }, {}, 'the label [redacted]'],
    ['caller', {}, { sub: PIN }, 'the admission'],
    ['rerun initiator', { rerun: { initiators: [{ iss: 'i', sub: PIN }] } as unknown as NonNullable<Submission['rerun']> }, {}, 'the admission'], // prettier-ignore
  ])('is refused for a value in the %s', async (_, change, by, place) => {
    const refused = (await check(change, by).catch((error: unknown) => error)) as { code: Json; faults: Fault[] };
    expect(refused.code).toBe('PLAN_INVALID');
    expect(refused.faults.map(({ code, message }) => [code, message])).toEqual([
      ['SENSITIVE_INPUT_IN_PACK', `${place} contains the value of the sensitive input pin.`],
    ]);
  });

  it('without one is accepted', async () => {
    expect((await check({ labels: { team: 'x' } })).planning.sensitive).toEqual({ pin: JSON.stringify(PIN) });
  });
});
