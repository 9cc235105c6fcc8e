import { pack } from '../stack/stack';
import type { TestBed } from './test-bed';

const MANIFEST = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: console-offices, version: 1.0.0, description: Renews the certificate of a domain and rolls it out., tags: [tls], license: Apache-2.0 }
spec:
  inputs:
    - { name: domain, type: string, required: true, description: Whose certificate it is. }
    - { name: days, type: integer, default: 21 }
    - { name: region, type: string, enum: [eu, us], default: eu }
    - { name: force, type: boolean, default: false }
    - { name: hosts, type: array, schema: { items: { type: string } } }
    - { name: systems, type: array }
    - { name: bundle, type: file }
    - { name: pin, type: string, sensitive: true }
  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 2 } ]
  steps:
    - { id: renew, run: { uses: "builtin:noop" } }
    - { id: go, needs: [renew], gate: { approval: owners, message: "Roll it out?" } }
`;
const FORM = pack(
  `- id: accept
  gate:
    approval: owners
    message: "When may the maintenance happen?"
    form: { type: object, required: [window], properties: { window: { type: string, enum: [night, day], title: Window }, seats: { type: integer } } }
- { id: act, needs: [accept], run: { uses: "builtin:noop" } }`,
  '  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 2 } ]\n',
);
const OVERRIDE = pack(
  `- { id: accept, gate: { policy: no-friday, overrideApproval: owners } }
- { id: act, needs: [accept], run: { uses: "builtin:noop" } }`,
  `  approvals: [ { id: owners, grants: [packs.approve] } ]
  policies: [ { id: no-friday, engine: cel, level: soft-mandatory, source: '{"allow": false, "reasons": ["no deployments on Fridays"]}' } ]
`,
);

/** A page that is not about one run, and whoever works with it. */
interface Office {
  readonly name: string;
  readonly login: string;
  /** After `/console`. */
  readonly path: string;
  /** What it shows when it is ready. */
  readonly ready: RegExp;
  /** A button that opens what is to be seen too. */
  readonly press?: string;
}

/** The pages of packs, approvals, schedules, evidence, workers and the audit chain, in each of their states. */
export async function officesOf(testBed: TestBed): Promise<readonly Office[]> {
  const [ada, wendy, linus] = await Promise.all(['ada', 'wendy', 'linus'].map((login) => testBed.caller(login)));
  if (ada === undefined || wendy === undefined || linus === undefined) throw new TypeError('nobody is here');
  await wendy.ask('POST', '/api/packs', { manifest: MANIFEST });
  const wanted = { name: 'console offices', cron: '30 2 * * *', timeZone: 'Europe/Berlin', manifest: FORM };
  const { body } = await ada.ask('POST', '/api/schedules', wanted);
  const schedule = `/schedules/${body['scheduleId'] as string}`;
  const [form, confirmed, override] = [await ada.submit(FORM), await ada.submit(FORM), await ada.submit(OVERRIDE)];
  for (const run of [form, confirmed, override]) await ada.until(run, ['waiting']);
  expect((await linus.approve(confirmed, 'accept', { response: { window: 'night' } })).status).toBe(200);
  const ended = await ada.submit(pack('- { id: act, run: { uses: "builtin:noop" } }\n'));
  await ada.sealed(ended);
  const gate = (run: string): string => `/runs/${run}/gates/accept`;
  return [
    { name: 'packs', login: 'ada', path: '/packs?q=console-offices', ready: /Renews the certificate/ },
    { name: 'packs-filtered', login: 'ada', path: '/packs?q=nothing', ready: /No pack matches/ },
    { name: 'pack', login: 'ada', path: '/packs/console-offices', ready: /Signed by/, press: 'Start the run' },
    { name: 'submit', login: 'ada', path: '/submit', ready: /Run a pack of your own/ },
    { name: 'schedules', login: 'ada', path: '/schedules', ready: /console offices/ },
    { name: 'schedule', login: 'ada', path: schedule, ready: /02:30 GMT/, press: 'Pause …' },
    { name: 'run-cancel', login: 'ada', path: `/runs/${form}`, ready: /Requested by/, press: 'Cancel the run …' },
    { name: 'gate-not-mine', login: 'ada', path: gate(confirmed), ready: /You cannot decide/ },
    { name: 'playground', login: 'ada', path: '/playground', ready: /would run/ },
    { name: 'verify', login: 'ada', path: '/verify', ready: /The verifier is loaded/ },
    {
      name: 'evidence',
      login: 'ada',
      path: `/runs/${ended}/evidence`,
      ready: /signed by nobody you trust/,
    },
    { name: 'audit-denied', login: 'ada', path: '/audit', ready: /You may not see this/ },
    { name: 'gate-form', login: 'grace', path: gate(form), ready: /The form of this gate/ },
    { name: 'gate-confirm', login: 'grace', path: gate(confirmed), ready: /The response that you confirm/ },
    { name: 'gate-override', login: 'grace', path: gate(override), ready: /no deployments on Fridays/ },
    { name: 'run-not-mine', login: 'grace', path: `/runs/${form}`, ready: /needs the scope packs\.run/ },
    { name: 'workers', login: 'ops', path: '/workers', ready: /Isolation/ },
    { name: 'executors', login: 'ops', path: '/workers?part=executors', ready: /builtin:wait/ },
    { name: 'audit', login: 'ops', path: '/audit', ready: /each follows the one before it/ },
  ];
}
