import { sampleRun } from '../../../testing/sample-evidence';
import { aKey, sealBundle, type Sample } from '../../../testing/sample-signing';
import { sha256 } from '../../canonical/digest';
import { CHECK_NAMES, type Check } from '../verify/check/check';
import { verifySignature } from '../encoding/signature';
import type { VerifyRequest } from '../verify/check/verification-session';
import { verifyRun } from '../verify/verify-run';
import { answerLines } from './answer-lines';
import { buildReport } from './build-report';
import { layoutOf } from './layout';
import { firstCause } from './first-cause';
import { renderHtml } from './html';
import { renderMarkdown } from './markdown';
import { CHECKS_WITH_REMEDY } from './remedies';
import type { Report, ReportContents } from './report';

const EVIL = '<img src=x onerror=alert(1)> | `tick` **bold** [a](javascript:b)\n# VERIFIED \u202egpj.\u200bexe';
const POLICY_TEXT = 'size(steps.scan.outputs.hits) < 10';

function reportOf(
  files: ReadonlyMap<string, Uint8Array>,
  sample: Pick<Sample, 'trust'> | null,
  accepted: Pick<VerifyRequest, 'allowDev' | 'allowLocal'> = {},
): Report {
  const trust = sample?.trust ?? null;
  return buildReport({
    bundle: { name: 'run.tar', size: 1, sha256: sha256('bundle') },
    files,
    verified: trust && { trust, verification: verifyRun({ files, trust, verifySignature, ...accepted }) },
  });
}

function contentsIn(report: Report): ReportContents {
  if (report.contents === null) throw new TypeError(report.unreadable ?? '');
  return report.contents;
}

describe('a report', () => {
  let sample: Sample;
  let files: ReadonlyMap<string, Uint8Array>;
  beforeAll(async () => {
    sample = await sampleRun({ decision: (person) => ({ reason: person === 0 ? EVIL : 'read it' }) });
    files = sealBundle(sample);
  });

  it('tells who approved what, when and why, and how the run ended', () => {
    const report = reportOf(files, sample);
    expect(report.verdict).toMatchObject({ status: 'verified', cause: null, trust: { id: 'test', serial: 3 } });
    const { run, inputs, gates, policies, egress, artifacts, effects, plan, steps } = contentsIn(report);
    expect(run).toMatchObject({ end: { result: 'succeeded', code: null }, pack: { name: 'sample' } });
    expect(inputs.values).toEqual({ image: 'nginx', regions: ['r0', 'r1'] });
    expect(gates).toMatchObject([
      {
        gate: 'approve',
        outcome: 'approved',
        request: { message: 'fix nginx', requirement: { minApprovals: 2 } },
        show: { hits: ['CVE-1', 'CVE-2'] },
        decisions: [
          { person: { sub: 'grace' }, decision: 'approved', reason: EVIL, proof: 'service', counted: true, actors: [] },
          { person: { sub: 'linus' }, decision: 'approved', reason: 'read it' },
        ],
      },
    ]);
    expect(policies).toMatchObject([{ gate: 'few-hits', policy: 'few', level: 'hard-mandatory', result: 'allow' }]);
    expect(egress).toMatchObject({ allowed: 3, denied: 3, unread: 0 });
    expect(egress.refused.map(({ step, host, code }) => [step, host, code])).toEqual([
      ['scan', 'evil.test', 'EGRESS_NOT_LISTED'],
      ['rollout[0]::apply', 'evil.test', 'EGRESS_NOT_LISTED'],
      ['rollout[1]::apply', 'evil.test', 'EGRESS_NOT_LISTED'],
    ]);
    expect(artifacts).toMatchObject([{ step: 'scan', name: 'report', bytes: 'in the bundle' }]);
    expect(plan.steps.map(({ id, depth, kind }) => [id, depth, kind])).toEqual([
      ['scan', 0, 'run'],
      ['few-hits', 0, 'gate'],
      ['approve', 0, 'gate'],
      ['rollout', 0, 'map'],
      ['rollout::apply', 1, 'run'],
    ]);
    expect(steps.map(({ id, status }) => [id, status])).toContainEqual(['rollout[1]::apply', 'succeeded']);
    expect(effects.filter(({ step }) => step === 'rollout[0]::apply')).toMatchObject([
      {
        behind: [
          { gate: 'few-hits', outcome: 'passed' },
          { gate: 'approve', outcome: 'approved' },
        ],
      },
    ]);
    const lines = answerLines(contentsIn(report));
    expect(lines).toContainEqual(
      expect.stringMatching(/^ {2}linus \(\S+\) approved at \S+Z: "read it" \[proof: service\]$/),
    );
    expect(lines.at(-1)).toMatch(/^ended \S+Z: succeeded$/);
    expect(lines.join('')).not.toMatch(/[\u202e\u200b\n]/);
  });

  it('shows the first and the last rows of a long table, and long values as far as they can be read', () => {
    const report = reportOf(files, sample);
    const contents = contentsIn(report);
    const [step] = contents.steps;
    if (step === undefined) throw new TypeError('no steps');
    const steps = Array.from({ length: 1_503 }, (_, i) => ({ ...step, id: `step-${i}` as never }));
    const inputs = { values: { text: 'x'.repeat(600_000) }, sensitive: [] };
    const outputs = { digest: sha256('outputs'), value: { passed: true }, isHeld: true };
    const run = { ...contents.run, end: contents.run.end && { ...contents.run.end, outputs } };
    const page = renderMarkdown({ ...report, contents: { ...contents, run, steps, inputs } });
    const shown = (id: string): boolean => page.includes(`| \`${id}\` |`);
    expect(['step-0', 'step-499', 'step-500', 'step-1002', 'step-1003', 'step-1502'].map(shown)).toEqual([
      true,
      true,
      false,
      false,
      true,
      true,
    ]);
    expect(page).toContain('503 rows are omitted');
    expect(page).toContain('… (600002 characters)');
    expect(page).toContain('**Outputs:** `{"passed":true}`, digest');
    expect(Math.max(...page.split('\n').map(({ length }) => length))).toBeLessThan(10_000);
  });

  it('does not say that nobody decided where the decisions were taken away', () => {
    const report = reportOf(files, sample);
    const contents = contentsIn(report);
    const gates = contents.gates.map((gate) => ({ ...gate, decisions: [] }));
    const page = renderMarkdown({ ...report, contents: { ...contents, gates } });
    expect(page).not.toMatch(/no decision was made/i);
    expect(page).toContain('The bundle has no readable decision.');
    expect(answerLines({ ...contents, gates })).toContain('  the bundle has no readable decision');
  });

  it('does not blame what was expected for a document that cannot be read', () => {
    const broken = new Map([...files, ['decisions/1.json', new TextEncoder().encode('{}')] as const]);
    const { verdict } = reportOf(broken, sample);
    expect(verdict.checks.find(({ name }) => name === 'expectation')).toMatchObject({ ok: true, basis: 'absent' });
    expect(verdict.cause).toMatchObject({ check: 'manifest.complete', others: [] });
  });

  it.each([
    ['DEVELOPMENT KEYS', 'dev', { allowDev: true }, '--allow-dev'],
    ['LOCAL KEYS', 'local-authority', { allowLocal: true }, '--allow-local'],
  ])('says of %s that they were let pass, in verdict, report and last line', (words, name, accepted, option) => {
    const builder = `https://stellaops.io/taskrunner/builders/${name}/v1`;
    const restricted: Sample = {
      ...sample,
      evidence: { ...sample.evidence, asserted: { ...sample.evidence.asserted, builder } },
      trust: { ...sample.trust, keys: sample.trust.keys.map((key) => ({ ...key, builders: [builder] })) },
    };
    const made = sealBundle(restricted);
    const { verdict } = reportOf(made, restricted, accepted);
    expect(verdict).toMatchObject({
      status: 'verified',
      concessions: [expect.stringContaining(`"${option}"`) as string],
    });
    expect(verdict.summary).toContain(words);
    expect(verdict.checks.find(({ name }) => name === 'trust.keys')?.detail).toContain(option);
    const [, , headline, , concession] = renderMarkdown(reportOf(made, restricted, accepted)).split('\n');
    expect(headline).toContain('VERIFIED WITH A CONCESSION: all');
    expect(concession).toContain(words);
    expect(renderHtml(reportOf(made, restricted, accepted))).not.toContain('class="good"');
    expect(reportOf(made, null).verdict.concessions).toHaveLength(1);
    expect(reportOf(made, restricted).verdict.cause?.remedy).toContain(`"${option}"`);
    expect(reportOf(files, sample, accepted).verdict.concessions).toEqual([]);
  });

  it('names what it does not prove: each basis that is not recomputed, and what no check can close', () => {
    const { residuals, checks } = reportOf(files, sample).verdict;
    const named = residuals.map(({ check }) => check);
    for (const { name, basis } of checks) if (basis === 'asserted') expect(named).toContain(name);
    expect(named).toEqual(expect.arrayContaining(['decisions.proof', 'checkpoints', 'expectation', null]));
  });

  it('shows text of people and packs as text: no markup, no hidden characters, nothing that runs', () => {
    const report = reportOf(files, sample);
    const html = renderHtml(report);
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(html).toContain('\\u{a}# VERIFIED \\u{202e}gpj.\\u{200b}exe');
    expect(html).not.toMatch(/<script|<img|<a |[\u202e\u200b]/);
    expect(html).toMatch(
      /<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-[^']+='/,
    );
    const markdown = renderMarkdown(report);
    expect(markdown).not.toMatch(/[\u202e\u200b]|^# VERIFIED/m);
    const line = markdown.split('\n').find((one) => one.includes('onerror')) ?? '';
    // One row of nine cells, the reason in a code span of two backticks.
    expect(line.replaceAll('\\|', '').split('|')).toHaveLength(11);
    expect(line).toMatch(/^\| `grace` \(.*\) \| none \| none \| approved /);
    expect(line).toMatch(/ ``<img .*exe`` /);
  });

  it('shows what ran: command lines, policy texts, results and log lines, escaped', () => {
    const contents = contentsIn(reportOf(files, sample));
    expect(contents.programs).toMatchObject([
      {
        step: 'scan',
        uses: 'builtin:command',
        with: { command: ['scan', '{{ inputs.image }}'] },
        egress: ['https://mirror.test'],
      },
      { step: 'rollout::apply', with: { command: ['apply', expect.any(String), expect.any(String)] } },
    ]);
    expect(contents.policySources).toMatchObject([{ id: 'few', path: 'policies/few.cel', source: POLICY_TEXT }]);
    expect(contents.results).toContainEqual(
      expect.objectContaining({ step: 'scan', isHeld: true, value: { hits: ['CVE-1', 'CVE-2'] } }),
    );
    const log = contents.logs.find(({ step }) => step === 'scan');
    expect(log).toMatchObject({ where: 'in the bundle', execution: 1 });
    expect(log?.sha256).toBe(sha256(files.get(log?.path ?? '') ?? ''));
    const report = reportOf(files, sample);
    const evil: Report = {
      ...report,
      contents: {
        ...contents,
        programs: contents.programs.map((one) => ({ ...one, with: { source: `${EVIL}\n\`\`\``, [EVIL]: EVIL } })),
        policySources: contents.policySources.map((one) => ({ ...one, source: EVIL })),
        logs: contents.logs.map((one) => ({ ...one, tail: EVIL })),
      },
    };
    for (const one of [report, evil]) {
      expect(renderHtml(one)).not.toMatch(/<script|<img|<a |[\u202e\u200b]/);
      expect(renderHtml(one)).toContain('policies/few.cel');
      expect(renderMarkdown(one)).not.toMatch(/[\u202e\u200b]/);
    }
    expect(renderMarkdown(report)).toContain('`["scan","{{ inputs.image }}"]`');
    expect(renderMarkdown(report)).toContain(`\n\`\`\`text\n${POLICY_TEXT}\n\`\`\``);
  });

  it('says beside the verdict what only the keys of the services prove', () => {
    const report = reportOf(files, sample);
    const [first] = layoutOf(report);
    const caveats = first?.blocks.filter(({ kind }) => kind === 'warning') ?? [];
    expect(JSON.stringify(caveats)).toContain('The keys of the webservice alone prove who started the run');
    // In front of the facts about the bundle and the long list of what stays open.
    expect(first?.blocks.findIndex(({ kind }) => kind === 'facts')).toBeGreaterThan(
      first?.blocks.findLastIndex(({ kind }) => kind === 'warning') ?? Infinity,
    );
    const failed = { ...report, verdict: { ...report.verdict, status: 'failed' as const } };
    expect(JSON.stringify(layoutOf(failed)[0])).not.toContain('alone prove');
  });

  it('names the people who overrode a policy, in the report and in the short answer', () => {
    const report = reportOf(files, sample);
    const contents = contentsIn(report);
    const override = contents.gates[0]?.digest ?? null;
    const overridden: ReportContents = {
      ...contents,
      policies: contents.policies.map((one) => ({ ...one, result: 'deny', override })),
    };
    expect(answerLines(overridden)).toContainEqual(
      expect.stringMatching(/^ {2}linus \(\S+\) overrode the denial at \S+Z: "read it"$/),
    );
    const markdown = renderMarkdown({ ...report, contents: overridden });
    expect(markdown).toMatch(
      /Policy `few` at gate `few-hits` denied\. .*`linus` \(.*\) overrode the denial at .* \(overridden\)\./,
    );
    expect(markdown.split('\n').find((line) => line.startsWith('| `few-hits` | `few` ('))).toMatch(
      /\| overridden: .*`linus` .* overrode the denial at /,
    );
    expect(markdown).not.toContain('overrode it');
    expect(markdown.split('\n').find((line) => line.startsWith('| `few-hits` | `few` ('))).toContain('`linus`');
    expect(markdown).not.toMatch(/asked 1 times/);
    const unasked = { ...overridden, policies: overridden.policies.map((one) => ({ ...one, override: null })) };
    expect(renderMarkdown({ ...report, contents: unasked })).toContain('denied. No override was requested.');
    expect(renderMarkdown(report)).toContain('The only policy that was evaluated allowed the run.');
  });

  it('says who approved at more than one gate', () => {
    const report = reportOf(files, sample);
    const contents = contentsIn(report);
    const [gate] = contents.gates;
    if (gate === undefined) throw new TypeError('no gate');
    const second = { ...gate, gate: 'release', decisions: gate.decisions.slice(0, 1) };
    const both: ReportContents = { ...contents, gates: [gate, second] };
    const line = /grace.* approved at 2 gates: .*approve.*, .*release/;
    expect(renderMarkdown({ ...report, contents: both })).toMatch(line);
    expect(answerLines(both)).toContainEqual(expect.stringMatching(line));
    const separate = { ...both, gates: [{ ...gate, decisions: gate.decisions.slice(1) }, second] };
    expect(renderMarkdown({ ...report, contents: separate })).toContain('No person approved at more than one gate.');
    expect(answerLines(contents).join()).not.toContain('more than one');
  });

  it('says first that nothing was verified where no trust file was given', () => {
    const report = reportOf(files, null);
    expect(report.verdict).toMatchObject({ status: 'unverified', checks: [] });
    expect(renderMarkdown(report).split('\n')[2]).toContain('NOTHING WAS VERIFIED');
    expect(contentsIn(report).gates[0]?.decisions).toHaveLength(2);
  });

  it('says first that the verification failed, with the first cause and what to do', () => {
    const forged = new Map(files).set('admission.json', Buffer.from('{}'));
    const report = reportOf(forged, sample);
    expect(report).toMatchObject({
      contents: null,
      verdict: { status: 'failed', cause: { check: 'manifest.complete' } },
    });
    expect(renderMarkdown(report).split('\n')[2]).toContain('VERIFICATION FAILED at manifest.complete');
    const other = aKey('ledger');
    const swapped = {
      ...sample.trust,
      keys: [...sample.trust.keys.filter(({ usages }) => !usages.includes('ledger')), other.trusted],
    };
    const distrusted = reportOf(files, { trust: swapped });
    expect(distrusted.verdict.cause).toMatchObject({
      detail: expect.stringContaining('no trusted key for ledger') as string,
    });
    expect(renderHtml(distrusted)).toContain('Do not rely on the following sections');
    expect(contentsIn(distrusted).gates).toHaveLength(1);
  });

  it.each(['MANIFEST.json', 'decisions/1.json', 'plan.json', 'admission.json', 'attestations/manifest.sigstore.json'])(
    'takes a flipped byte in %s for a damaged bundle, and counts what follows',
    (path) => {
      const bytes = Uint8Array.from(files.get(path) ?? []);
      const place = path.startsWith('attestations') ? bytes.length - 20 : Math.floor(bytes.length / 2);
      bytes[place] = (bytes[place] ?? 0) ^ 1;
      const report = reportOf(new Map(files).set(path, bytes), sample);
      expect(report.verdict.cause?.check).toMatch(/^manifest\./);
      expect(report.verdict.cause?.remedy).toMatch(/Get the bundle again from its source/);
      const markdown = renderMarkdown(report);
      expect(markdown.split('\n## ')[0]).not.toContain('newest version');
      expect(report.verdict.cause?.others.length).toBeLessThan(4);
    },
  );

  it.each<[string, Partial<Sample['trust']['keys'][number]>, RegExp]>([
    [
      'compromised',
      { revoked: { at: '2026-01-01T00:00:00.000Z', reason: 'compromised' } },
      /newer trust file does not help/i,
    ],
    ['retired', { revoked: { at: '2025-01-02T00:00:00.000Z', reason: 'retired' } }, /newer trust file does not help/i],
    ['of another tenant', { tenants: ['other'] }, /tenant/],
  ])('does not promise that a newer trust file cures a key that is %s', (_what, change, remedy) => {
    const trust = { ...sample.trust, keys: sample.trust.keys.map((key) => ({ ...key, ...change })) };
    const { cause } = reportOf(files, { trust }).verdict;
    expect(cause?.check).toBe('trust.keys');
    expect(cause?.remedy).toMatch(remedy);
    expect(cause?.remedy).not.toMatch(/newest version/);
  });

  it('never throws, whatever stands in place of a document', () => {
    for (const path of files.keys())
      for (const bytes of ['', '{}', '[]', 'null', '{"schema":1}\n']) {
        const report = reportOf(new Map(files).set(path, Buffer.from(bytes)), null);
        expect(renderMarkdown(report)).toContain('NOTHING WAS VERIFIED');
        expect(renderHtml(report)).toContain('</html>');
      }
    // What is no JSON is named: nobody searches a bundle for it.
    for (const path of ['plan.json', 'journal.ndjson', 'pack/files.json', 'admission.json', 'decisions/1.json'])
      expect(reportOf(new Map(files).set(path, Buffer.from('{\n')), null).unreadable).toMatch(
        new RegExp(`^EVIDENCE_JSON: ${path.replace('.', '\\.')}.*: not JSON`),
      );
    expect(reportOf(new Map(), null)).toMatchObject({
      contents: null,
      unreadable: expect.stringMatching(/^EVIDENCE_/) as string,
    });
  });
});

describe('the first cause', () => {
  const check = (name: Check['name'], ok: boolean, detail: string): Check => ({
    name,
    ok,
    basis: 'recomputed',
    detail,
  });

  it('stands before what follows from it, and apart from what does not', () => {
    const checks = [
      check('archive.safe', true, '10 files'),
      check('manifest.signature', false, 'A'),
      check('manifest.complete', false, 'B'),
      check('trust.keys', false, 'A'),
    ];
    expect(firstCause(checks)).toMatchObject({
      check: 'manifest.signature',
      dependent: ['trust.keys'],
      others: [checks[2]],
    });
    expect(firstCause(checks, false)).toMatchObject({ dependent: ['manifest.complete', 'trust.keys'], others: [] });
    expect(firstCause(checks.slice(0, 1))).toBeNull();
  });

  it('has a remedy for each check', () => {
    expect(CHECK_NAMES.filter((name) => !CHECKS_WITH_REMEDY.has(name))).toEqual([]);
  });
});
