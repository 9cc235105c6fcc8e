import { faultsOf, packText, plan, planned, testConfiguration, testEnvironment } from '../../../testing/planning';
import { parseRule, type EgressRule } from '../../egress/egress-rule';
import type { PlanConfiguration } from '../../plan/plan-request';
import { environmentRules, rulesOfStep } from '../../plan/step-egress';
import { runNodesIn } from '../run-nodes';

const rules = (...texts: string[]): EgressRule[] => texts.map((text) => parseRule(text) as EgressRule);
const pinned = (text: string, cidr: string): EgressRule => parseRule(text, cidr) as EgressRule;
const sealed = { ...testEnvironment, mode: 'sealed' as const };
const allowing = (...egress: EgressRule[]): PlanConfiguration => ({ ...testConfiguration, egress });
const command = (egress: string): string =>
  `- { id: a, run: { uses: "builtin:command", with: { command: [x] }, egress: [${egress}] } }`;
const http = (parameters: string, more = ''): string =>
  `- { id: a, run: { uses: "builtin:http", with: { ${parameters} }${more} } }`;
const codes = (text: string, more: object = {}, inputs = {}): readonly string[] =>
  faultsOf(text, inputs, more).map((fault) => fault.split(' ')[0] ?? '');

describe('declared egress', () => {
  it.each<[string, string, EgressRule[], string, string[]]>([
    ['sealed: on the list', '{ url: "https://a.test" }', rules('a.test'), '', []],
    ['sealed: below a suffix', '{ url: "https://x.a.test:443/v1" }', rules('*.a.test'), '', []],
    ['sealed: another port', '{ url: "https://a.test:8443" }', rules('a.test'), '', ['SEALED_EGRESS_DENIED']],
    ['sealed: plain http where https is listed', '{ url: "http://a.test" }', rules('a.test'), '', ['SEALED_EGRESS_DENIED']],
    ['sealed: plain http where it is listed', '{ url: "http://a.test" }', rules('a.test:80'), '', []],
    ['sealed: nothing is listed', '{ url: "https://a.test" }', [], '', ['SEALED_EGRESS_DENIED']],
    ['sealed: a suffix wider than the list', '{ url: "https://*.test" }', rules('*.a.test'), '', ['SEALED_EGRESS_DENIED']],
    ['sealed: every host', '{ url: "*" }', rules('*.test'), '', ['SEALED_EGRESS_DENIED']],
    ['sealed: off the list of the pack', '{ url: "https://a.test" }', rules('a.test'), 'sandbox: { egressAllowlist: [] }', ['SEALED_EGRESS_DENIED']],
    ['sealed: a private address that is listed', '{ url: "https://10.0.0.5" }', [pinned('10.0.0.5', '10.0.0.0/8')], '', []],
    ['sealed: a private address that is listed by both', '{ url: "https://10.0.0.5" }', [pinned('10.0.0.5', '10.0.0.0/8')], 'sandbox: { egressAllowlist: [10.0.0.5] }', []],
    ['sealed: a private address without a cidr', '{ url: "https://10.0.0.5" }', rules('10.0.0.5'), '', ['SEALED_EGRESS_DENIED']],
    ['two at once', '{ url: "https://b.test" }, { url: "ftp://c" }, { url: "https://a.test" }', rules('a.test'), '', ['SEALED_EGRESS_DENIED', 'EGRESS_URL']],
  ])('%s', (_, egress, listed, spec, expected) => {
    expect(codes(packText(command(egress), spec), { environment: sealed, configuration: allowing(...listed) })).toEqual(expected);
  }); // prettier-ignore

  it.each<[string, string, EgressRule[], string[]]>([
    ['a public host', '{ url: "https://a.test" }', [], []],
    ['every public host', '{ url: "*" }', [], []],
    ['a private address', '{ url: "https://10.0.0.5" }', [], ['SEALED_EGRESS_DENIED']],
    ['this machine', '{ url: "http://localhost:8080" }', [], ['SEALED_EGRESS_DENIED']],
    [
      'a private address that the operator pinned',
      '{ url: "https://10.0.0.5" }',
      [pinned('10.0.0.5', '10.0.0.0/8')],
      [],
    ],
  ])('in an open environment: %s', (_, egress, listed, expected) => {
    expect(codes(packText(command(egress)), { configuration: allowing(...listed) })).toEqual(expected);
  });

  it('is refused by the name of the list, with what to do and the published alias', () => {
    const fault = (spec: string, listed: EgressRule[], url = 'https://a.test'): unknown => {
      const planning = plan(packText(command(`{ url: "${url}" }`), spec), {}, { environment: sealed, configuration: allowing(...listed) });
      return planning.kind === 'refused' && planning.faults[0];
    }; // prettier-ignore
    const aliases = ['AIRGAP_EGRESS_BLOCKED'];
    expect(fault('', [])).toMatchObject({
      message: 'a.test:443 is not on sealedMode.allow of this environment.',
      remediation: expect.stringContaining('sealedMode.allow') as string,
      aliases,
    });
    expect(fault('sandbox: { egressAllowlist: [b.test] }', rules('a.test'))).toMatchObject({
      message: 'a.test:443 is not on sandbox.egressAllowlist of the pack.',
      remediation: expect.stringContaining('sandbox.egressAllowlist') as string,
      aliases,
    });
    expect(fault('', [{ scheme: '*', host: '*', port: '*' }], 'https://127.0.0.1')).toMatchObject({
      message: '127.0.0.1:443 is a private or special address.',
      remediation: expect.stringContaining('cidr') as string,
      aliases,
    });
  });

  it.each<[string, string, string[]]>([
    ['one host', '{ url: "https://api.example.com" }', []],
    ['every host', '{ url: "*" }', ['EGRESS_BROAD']],
    ['a top-level domain', '{ url: "https://*.com" }', ['EGRESS_BROAD']],
    ['a shared suffix', '{ url: "https://*.github.io" }', ['EGRESS_BROAD']],
    ['a relay', '{ url: "https://webhook.site/abc" }', ['EGRESS_BROAD']],
  ])('warns of %s', (_, egress, expected) => {
    const { warnings } = planned(packText(command(egress)));
    expect(warnings.map(({ code }) => code)).toEqual(expected);
  });

  it('warns of a broad list of the pack', () => {
    const { warnings } = planned(packText(command(''), 'sandbox: { egressAllowlist: ["*", api.example.com] }'));
    expect(warnings.map(({ code, path }) => [code, path])).toEqual([
      ['EGRESS_BROAD', '/spec/sandbox/egressAllowlist/0'],
    ]);
  });
});

describe('sealedInstall', () => {
  // Published matrix: declared on a pack or a step and the environment not sealed → refused; otherwise → it runs.
  const cases = [false, true].flatMap((onPack) =>
    [false, true].flatMap((onStep) =>
      (['open', 'sealed'] as const).flatMap((mode) =>
        [undefined, 'open', 'sealed'].map((asked) => ({ onPack, onStep, mode, asked })),
      ),
    ),
  );
  it.each(cases)(
    'pack $onPack, step $onStep, environment $mode, sandbox.mode $asked',
    ({ onPack, onStep, mode, asked }) => {
      const text = packText(
        `- { id: a, ${onStep ? 'sealedInstall: true, ' : ''}run: { uses: "builtin:noop" } }`,
        `${onPack ? 'sealedInstall: true\n' : ''}${asked === undefined ? '' : `sandbox: { mode: ${asked} }`}`,
      );
      const expected = [
        ...((onPack || onStep) && mode === 'open' ? ['SEALED_INSTALL_REQUIRED'] : []),
        ...(asked === 'sealed' && mode === 'open' ? ['SEALED_UNENFORCEABLE'] : []),
      ];
      expect([...codes(text, { environment: { ...testEnvironment, mode } })].sort()).toEqual(expected);
    },
  );
});

describe('an http step', () => {
  it.each<[string, string, string, string[]]>([
    ['a literal URL on the list', 'url: "https://api.test/v1"', '', []],
    ['a literal URL that is nowhere listed', 'url: "https://b.test"', '', ['SEALED_EGRESS_DENIED']],
    ['a URL that is none', 'url: "api.test/v1"', '', ['EGRESS_URL']],
    ['a path that leaves itself', 'url: "https://api.test/v1/../v2"', '', ['EGRESS_URL']],
    ['a computed path, covered', 'url: "https://api.test/v1/{{ inputs.x }}"', ', egress: [ { url: "https://api.test" } ]', []],
    ['a computed path, not covered', 'url: "https://api.test/v1/{{ inputs.x }}"', '', ['SEALED_EGRESS_DENIED']],
    ['a computed path, another host covered', 'url: "https://api.test/{{ inputs.x }}"', ', egress: [ { url: "https://c.api.test" } ]', ['SEALED_EGRESS_DENIED']],
    ['a computed host, with egress', 'url: "https://{{ inputs.x }}.api.test/"', ', egress: [ { url: "https://*.api.test" } ]', []],
    ['a computed host, without egress', 'url: "https://{{ inputs.x }}/"', '', ['SEALED_EGRESS_DENIED']],
    ['a computed end of the host', 'url: "https://api.test{{ inputs.x }}"', '', ['SEALED_EGRESS_DENIED']],
    ['a method that is none', 'url: "https://api.test", method: FETCH', '', ['EXECUTOR_PARAMETER']],
    ['body and form', 'url: "https://api.test", method: POST, body: x, form: { a: b }', '', ['EXECUTOR_PARAMETER']],
    ['a header that carries', 'url: "https://api.test", headers: { Host: x }', '', ['EXECUTOR_PARAMETER']],
    ['a status that is none', 'url: "https://api.test", expect: [99, "9xx"]', '', ['EXECUTOR_PARAMETER', 'EXECUTOR_PARAMETER']],
    ['artifacts of files', 'url: "https://api.test"', ', artifacts: [ { name: a, path: a } ]', ['EXECUTOR_PARAMETER']],
    ['a way to sign in that is none', 'url: "https://api.test", auth: { token: x }', '', ['EXECUTOR_PARAMETER']],
    ['a secret that it does not ask for', 'url: "https://api.test", auth: { bearer: key }', '', ['SECRET_USE']],
    ['a secret that is not bound', 'url: "https://api.test", auth: { bearer: key }', ', secrets: [key]', ['SECRET_NOT_GRANTED']],
    ['outputs over something else', 'url: "https://api.test", outputs: { a: "{{ inputs.x }}" }', '', ['EXPR_UNKNOWN_NAME']],
    ['outputs over the response', 'url: "https://api.test", outputs: { a: "{{ response.body.id }}", s: "{{ response.status + 1 }}" }', '', []],
    ['outputs over what a response has not', 'url: "https://api.test", outputs: { a: "{{ response.stauts }}" }', '', ['EXPR_UNKNOWN_NAME']],
    ['a looser class', 'url: "https://api.test", method: POST }, effects: { x: 1', '', ['PACK_UNKNOWN_FIELD']],
  ])('with %s', (_, parameters, more, expected) => {
    const text = packText(http(parameters, more), 'inputs: [ { name: x, type: string, default: y } ]\nsecrets: [ { name: key, scope: s } ]');
    expect(codes(text, { environment: sealed, configuration: allowing(...rules('api.test', '*.api.test')) })).toEqual(expected);
  }); // prettier-ignore

  it.each([
    ['', 'idempotent'],
    [', method: HEAD', 'idempotent'],
    [', method: POST', 'once'],
    [', method: DELETE', 'once'],
  ])('of method "%s" is %s', (method, effects) => {
    const { plan: made } = planned(packText(http(`url: "https://api.test"${method}`)));
    expect(made.graph.nodes[0]).toMatchObject({ effects });
  });

  it('cannot call a POST idempotent', () => {
    const text = packText(
      '- { id: a, effects: idempotent, run: { uses: "builtin:http", with: { url: "https://a.test", method: POST } } }',
    );
    expect(codes(text)).toEqual(['PLAN_EFFECTS_LOOSER']);
  });

  it.each(['PUT', 'DELETE', 'OPTIONS'])('may call a %s idempotent, as RFC 9110 does, but never pure', (method) => {
    const step = (effects: string): string =>
      packText(
        `- { id: a, effects: ${effects}, run: { uses: "builtin:http", with: { url: "https://a.test", method: ${method} } } }`,
      );
    expect(planned(step('idempotent')).plan.graph.nodes[0]).toMatchObject({ effects: 'idempotent' });
    expect(codes(step('pure'))).toEqual(['PLAN_EFFECTS_LOOSER']);
  });

  it('has its defaults in the hash, in one spelling', () => {
    const hash = (parameters: string): unknown =>
      planned(packText(http(`url: "https://api.test"${parameters}`))).receipt['graph'];
    expect(hash(', method: GET, expect: [2xx]')).toBe(hash(''));
    expect(hash(', expect: [404, 2xx, 404]')).toBe(hash(', expect: [2xx, 404]'));
    expect(hash(', expect: [404]')).not.toBe(hash(''));
  });

  it('is known to later steps by its outputs and its saved artifact', () => {
    const later = (read: string): string =>
      packText(`${http('url: "https://api.test", saveAs: page, outputs: { id: "{{ response.body.id }}" }')}\n- { id: b, run: { uses: "builtin:noop", with: { x: "{{ ${read} }}" } } }`);
    expect(codes(later('steps.a.outputs.id'))).toEqual([]);
    expect(codes(later('steps.a.artifacts.page.digest'))).toEqual([]);
    expect(codes(later('steps.a.outputs.status'))).toEqual(['EXPR_UNKNOWN_NAME']);
    expect(codes(later('steps.a.artifacts.other'))).toEqual(['EXPR_UNKNOWN_NAME']);
  }); // prettier-ignore
});

describe('what a profile takes', () => {
  const text = packText(
    `${command('{ url: "https://a.test/v1" }, { url: "https://*.b.test" }')}\n${http('url: "http://c.test:8080/x"').replace('id: a', 'id: h')}`,
    'sandbox: { egressAllowlist: ["a.test", "x.b.test", "http://c.test:8080"] }',
  );
  const listed = [...rules('*.test', '*.b.test'), pinned('http://c.test:8080', '10.0.0.0/8')];

  it('is environment ∩ pack ∩ step, with the pinned addresses', () => {
    const broader = text.replace('https://*.b.test', 'https://x.b.test');
    const { profile } = planned(broader, {}, { environment: sealed, configuration: allowing(...listed) });
    expect(profile.egress).toEqual([
      { scheme: 'https', host: 'a.test', port: 443, cidr: null },
      { scheme: 'http', host: 'c.test', port: 8080, cidr: '10.0.0.0/8' },
      { scheme: 'https', host: 'x.b.test', port: 443, cidr: null },
    ]);
    expect(codes(text, { environment: sealed, configuration: allowing(...listed) })).toEqual(['SEALED_EGRESS_DENIED']);
  });

  it('leaves to each step its own part, with the path that it wrote', () => {
    const { plan: made, profile } = planned(text.replace('https://*.b.test', 'https://x.b.test'), {}, { environment: sealed, configuration: allowing(...listed) });
    const [a, h] = [...runNodesIn(made.graph)].map((node) => rulesOfStep(made, profile, node));
    expect(a).toEqual([
      { scheme: 'https', host: 'a.test', port: 443, path: '/v1' },
      { scheme: 'https', host: 'x.b.test', port: 443 },
    ]);
    expect(h).toEqual([{ scheme: 'http', host: 'c.test', port: 8080, cidr: '10.0.0.0/8', path: '/x' }]);
    const silent = { uses: 'builtin:command', with: {}, egress: [] };
    expect(rulesOfStep(made, profile, silent)).toEqual([]);
  }); // prettier-ignore

  it('of an open environment is every public host and what the operator pinned', () => {
    expect(environmentRules({ mode: 'open' }, [pinned('db.test', '10.0.0.0/8')])).toHaveLength(2);
    expect(environmentRules({ mode: 'sealed' }, [])).toEqual([]);
  });
});
