import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packText, planned, testConfiguration, testEnvironment } from '../../../testing/planning';
import { RUNNER_VERSION } from '../../pack/check-runner';
import { contentDigest } from '../../pack/pack-digest';
import { NO_FILES } from '../../pack/pack-files';
import { readPack } from '../../pack/read-pack';

const NOOP = 'run: { uses: "builtin:noop" }';
const PARTS = 'approvals: [ { id: o } ]\npolicies: [ { id: p, engine: cel, source: "true", level: soft-mandatory } ]\n';
const grants = ['packs.approve', ...testConfiguration.grants];
const environmentOf = {
  environment: { ...testEnvironment, mode: 'sealed' as const },
  configuration: { ...testConfiguration, grants },
};
const hashOf = (steps: string, spec = ''): string => planned(packText(steps, PARTS + spec), {}, environmentOf).planHash;
const ofSpec = (spec: string, more = ''): string =>
  planned(packText(`- { id: a, ${NOOP} }${more}`, spec), {}, environmentOf).planHash;

describe('each published spelling and ours have one plan hash', () => {
  it.each([
    ['gate.approval: {approval}', 'gate.approval: { approval: o, message: m }', 'gate: { approval: o, message: m }'],
    ['gate.approval: {id}', 'gate.approval: { id: o, message: m }', 'gate: { approval: o, message: m }'],
    ['gate.approval: name', 'gate.approval: o', 'gate: { approval: o }'],
    ['gate: {approval: {id}}', 'gate: { approval: { id: o, message: m } }', 'gate: { approval: o, message: m }'],
    ['type: gate.approval', 'type: gate.approval, approval: o, message: m', 'gate: { approval: o, message: m }'],
    ['type and gate', 'type: gate.approval, gate: { approval: o }', 'gate: { approval: o }'],
    ['gate.policy: {policy}', 'gate.policy: { policy: p, parameters: { x: 1 } }', 'gate: { policy: p, with: { x: 1 } }'],
    ['gate.policy: name', 'gate.policy: p', 'gate: { policy: p }'],
    ['gate: {policy: {parameters}}', 'gate: { policy: { policy: p, parameters: { x: 1 } } }', 'gate: { policy: p, with: { x: 1 } }'],
    ['gate: {policy, parameters}', 'gate: { policy: p, parameters: { x: 1 } }', 'gate: { policy: p, with: { x: 1 } }'],
    ['type: policy-gate', 'type: policy-gate, policy: p, parameters: { x: 1 }', 'gate: { policy: p, with: { x: 1 } }'],
    ['type: gate.policy', 'type: gate.policy, policy: p', 'gate: { policy: p }'],
    ['type: conditional, branches', `type: conditional, branches: [ { when: true, then: [ { id: x, ${NOOP} } ] } ], else: [ { id: y, ${NOOP} } ]`, `conditional: { branches: [ { when: "{{ true }}", steps: [ { id: x, ${NOOP} } ] } ], else: [ { id: y, ${NOOP} } ] }`],
    ['type: conditional, when, then', `type: conditional, when: "{{ false }}", then: [ { id: x, ${NOOP} } ], else: [ { id: y, ${NOOP} } ]`, `conditional: { branches: [ { when: false, steps: [ { id: x, ${NOOP} } ] } ], else: [ { id: y, ${NOOP} } ] }`],
    ['sealed_install of a step', `sealed_install: true, ${NOOP}`, `sealedInstall: true, ${NOOP}`],
    ['builtin:cli-command', 'run: { uses: "builtin:cli-command", with: { command: [x] } }', 'run: { uses: "builtin:command", with: { command: [x] } }'],
    ['type: run', `type: run, ${NOOP}`, NOOP],
    ['map: {step}', `map: { items: [1], step: { id: x, ${NOOP} } }`, `map: { items: [1], steps: [ { id: x, ${NOOP} } ] }`],
    ['retries.backoffSeconds', `retries: { maxAttempts: 3, backoffSeconds: 5 }, ${NOOP}`, `retries: { maxAttempts: 3, backoff: 5s, factor: 1, jitter: false }, ${NOOP}`],
    ['retries.backoffSeconds: 0.5', `retries: { maxAttempts: 3, backoffSeconds: 0.5 }, ${NOOP}`, `retries: { maxAttempts: 3, backoff: PT0.5S, factor: 1, jitter: false }, ${NOOP}`],
    ['PT30M', `timeout: PT30M, ${NOOP}`, `timeout: 30m, ${NOOP}`],
    ['P7D', `timeout: P7D, ${NOOP}`, `timeout: 7d, ${NOOP}`],
    ['P1W', `timeout: P1W, ${NOOP}`, `timeout: 7d, ${NOOP}`],
    ['PT1H30M', `timeout: PT1H30M, ${NOOP}`, `timeout: 90m, ${NOOP}`],
    ['the constants of the language', `runOn: success, retries: { maxAttempts: 1, backoff: 0s, factor: 2, maxBackoff: 5m, jitter: true }, ${NOOP}`, `retries: {}, ${NOOP}`],
    ['digests without sha256:', `run: { uses: "builtin:command", with: { command: [x] }, tools: { jq: [ "${'0'.repeat(64)}" ] } }`, `run: { uses: "builtin:command", with: { command: [x] }, tools: { jq: [ "sha256:${'0'.repeat(64)}" ] } }`],
    ['./paths', 'run: { uses: "builtin:command", with: { command: [x] }, artifacts: [ { name: r, path: ./r } ] }', 'run: { uses: "builtin:command", with: { command: [x] }, artifacts: [ { name: r, path: r } ] }'],
    ['numbers in env', 'run: { uses: "builtin:command", with: { command: [x] }, env: { A: 1, B: true } }', 'run: { uses: "builtin:command", with: { command: [x] }, env: { A: "1", B: "true" } }'],
  ])('%s', (_, published, canonical) => {
    expect(hashOf(`- { id: a, ${published} }`)).toBe(hashOf(`- { id: a, ${canonical} }`));
  }); // prettier-ignore

  it.each([
    ['sealed_install of a pack', 'sealed_install: true', 'sealedInstall: true'],
    ['scopes', 'secrets: [ { name: k, scope: Packs.Run } ]', 'secrets: [ { name: k, scope: packs.run } ]'],
    ['grants', 'approvals: [ { id: o, grants: ["Packs.Approve"], expiresAfter: PT4H } ]', 'approvals: [ { id: o, grants: [packs.approve], expiresAfter: 4h } ]'],
    ['failure.retries', 'failure: { retries: { maxAttempts: 2, backoffSeconds: 5, continueOnError: true } }', 'failure: { retries: { maxAttempts: 2, backoff: 5s, factor: 1, jitter: false, continueOnError: true } }'],
  ])('%s', (_, published, canonical) => {
    expect(ofSpec(published)).toBe(ofSpec(canonical));
  }); // prettier-ignore

  it('failure.retries is the default of every run step', () => {
    const spec = 'failure: { retries: { maxAttempts: 2, backoffSeconds: 5, continueOnError: true } }';
    const stated = 'continueOnError: true, retries: { maxAttempts: 2, backoff: 5s, factor: 1, jitter: false }';
    const graphOf = (step: string, more: string) => planned(packText(`- { id: a, ${step} }`, more)).plan.graph;
    expect(graphOf(NOOP, spec)).toEqual(graphOf(`${stated}, ${NOOP}`, ''));
    expect(graphOf(`continueOnError: false, ${NOOP}`, spec)).not.toEqual(graphOf(NOOP, spec));
  });

  it.each(['private', '[acme, other]', 'public'])('tenantVisibility %s changes the content, absent is private', (visibility) => {
    const text = packText(`- { id: a, ${NOOP} }`);
    const visible = planned(text.replace('1.0.0', `1.0.0, tenantVisibility: ${visibility}`)).planHash;
    if (visibility === 'private') expect(visible).toBe(planned(text).planHash);
    else expect(visible).not.toBe(planned(text).planHash);
  }); // prettier-ignore

  it('a pack runs on the runner that it asks for, and on newer ones', () => {
    const text = packText(`- { id: a, ${NOOP} }`);
    for (const version of ['0.0.9', '0.1.0-rc.1', '0.1.0'])
      expect(planned(text.replace('1.0.0', `1.0.0, minRunnerVersion: ${version}`)).kind).toBe('planned');
    for (const version of ['0.1.1-rc.1', '0.2.0', '1.0.0'])
      expect(() => planned(text.replace('1.0.0', `1.0.0, minRunnerVersion: ${version}`))).toThrow(
        'PACK_RUNNER_TOO_OLD',
      );
  });
});

it('type: loop with the loop’s entries beside id is a loop', () => {
  // Read alike: both are refused alike, or planned alike.
  const published = packText(
    `- { id: a, type: loop, items: { static: [1] }, maxIterations: 3, body: [ { id: x, ${NOOP} } ] }`,
  );
  const canonical = packText(
    `- { id: a, loop: { items: { static: [1] }, maxIterations: 3, body: [ { id: x, ${NOOP} } ] } }`,
  );
  const contentOf = (text: string) => {
    const reading = readPack(text);
    return reading.kind === 'read' ? contentDigest(reading.pack, NO_FILES) : reading.faults;
  };
  expect(contentOf(published)).toMatch(/^sha256:/);
  expect(contentOf(published)).toBe(contentOf(canonical));
});

it('the version of the runner is that of the release', () => {
  const { version } = JSON.parse(readFileSync(join(__dirname, '../../../../package.json'), 'utf8')) as {
    version: string;
  };
  expect(RUNNER_VERSION).toBe(version);
});
