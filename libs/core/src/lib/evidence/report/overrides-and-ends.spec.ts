import { subjectsOf } from '../../../testing/forge/round';
import { sampleRun } from '../../../testing/sample-evidence';
import { sealBundle, type Sample } from '../../../testing/sample-signing';
import { sha256 } from '../../canonical/digest';
import { verifySignature } from '../encoding/signature';
import { verifyRun } from '../verify/verify-run';
import { answerLines } from './answer-lines';
import { buildReport } from './build-report';
import { renderHtml } from './html';
import { renderMarkdown } from './markdown';
import type { Report, ReportContents } from './report';

const EVIL = '<img src=x onerror=alert(1)>';

describe('a report', () => {
  let report: Report;
  let contents: ReportContents;
  beforeAll(async () => {
    const sample: Sample = await sampleRun({ decision: () => ({ reason: 'read it' }) });
    const files = sealBundle(sample);
    const { trust } = sample;
    const verification = verifyRun({ files, trust, verifySignature, allowDev: false });
    const bundle = { name: 'run.tar', size: 1, sha256: sha256('bundle') };
    report = buildReport({ bundle, files, verified: { trust, verification } });
    if (report.contents === null) throw new TypeError(report.unreadable ?? '');
    ({ contents } = report);
  });

  it('shows an approval that overrides a policy as an override, with who and why', () => {
    const denied = { ...contents.gates[0]?.request, policy: { id: 'few' } };
    const gates = contents.gates.map((gate) => ({ ...gate, request: denied as never }));
    const overridden: ReportContents = { ...contents, gates };
    expect(answerLines(overridden)).toContain('gate approve: overridden');
    expect(answerLines(overridden)).toContainEqual(
      expect.stringMatching(/^ {2}linus \(\S+\) overrode the denial at \S+Z: "read it" /),
    );
    const markdown = renderMarkdown({ ...report, contents: overridden });
    expect(markdown).toMatch(/Gate `approve`: overridden\. .*`linus` \(.*\) overrode the denial at \S+: `read it`/);
    expect(markdown).toContain('| overrode the denial |');
    expect(markdown).toContain('`approve` (`overridden`)');
    expect(markdown).not.toMatch(/`approve`[^|\n]*approved/);
    expect(answerLines(contents)).toContain('gate approve: approved');
  });

  it('says who stated the outcome of a step that nobody knew', () => {
    const person = { iss: 'https://id.test', sub: 'grace' };
    const resolution = {
      step: 'pay',
      outcome: 'succeeded',
      person,
      decidedAt: '2026-01-01T00:00:00.000Z',
      reason: EVIL,
    };
    const stated: ReportContents = { ...contents, resolutions: [resolution as never] };
    const lines = answerLines(stated);
    expect(lines[lines.indexOf('step pay: its outcome was unknown') + 1]).toBe(
      `  grace (https://id.test) stated that it succeeded at 2026-01-01T00:00:00.000Z: ${JSON.stringify(EVIL)}`,
    );
    expect(renderMarkdown({ ...report, contents: stated })).toContain('The outcome of step `pay` was unknown. `grace`');
    expect(renderHtml({ ...report, contents: stated })).not.toContain(EVIL);
    expect(answerLines(contents).join('\n')).not.toContain('unknown');
  });

  it('marks approvals that were withdrawn, and names those that count', async () => {
    const [subject] = await subjectsOf({ seed: 1, packs: ['rejected'] });
    if (subject === undefined) throw new TypeError('no such run');
    const { bundle: files, trust } = subject;
    const verification = verifyRun({ files, trust, verifySignature, allowDev: false });
    const bundle = { name: 'run.tar', size: 1, sha256: sha256('bundle') };
    const withdrawn = buildReport({ bundle, files, verified: { trust, verification } });
    if (withdrawn.contents === null) throw new TypeError(withdrawn.unreadable ?? '');
    const [gate] = withdrawn.contents.gates;
    expect(gate?.decisions.map((one) => [one.person.sub, one.decision, one.withdrawn])).toEqual([
      ['grace', 'approved', true],
      ['grace', 'withdrawn', false],
      ['linus', 'rejected', false],
    ]);
    const lines = answerLines(withdrawn.contents);
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}grace \(\S+\) approved at \S+Z \(withdrawn later\)/));
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}grace \(\S+\) withdrew at \S+Z/));
    expect(lines).toContain('  counted: nobody (0 of 2)');
    const markdown = renderMarkdown(withdrawn);
    expect(markdown).toContain('| approved (withdrawn later) |');
    expect(markdown).toContain('; counted: nobody (0 of 2).');
    expect(answerLines(contents)).toContain('  counted: grace, linus (2 of 2)');
    expect(renderMarkdown(report)).toContain('; counted: `grace`, `linus` (2 of 2).');
  });

  it('shows the answer to a form, up to a limit', () => {
    const answered = (response: object): readonly string[] => {
      const decisions = contents.gates[0]?.decisions.map((one) => ({ ...one, response: response as never })) ?? [];
      return answerLines({ ...contents, gates: contents.gates.map((gate) => ({ ...gate, decisions })) });
    };
    expect(answered({ window: 'night\u202e' })).toContain('    answer to the form: {"window":"night\\u{202e}"}');
    const [long = ''] = answered({ text: 'x'.repeat(4_000) }).filter((line) => line.includes('answer to the form'));
    expect(long).toMatch(/^ {4}answer to the form: \{"text":"x+ … \(4011 characters; `inspect` shows them all\)$/);
    expect(long.length).toBeLessThan(300);
  });

  it('says who cancelled a run and why, in place of a bare code, also of the steps that were left out', () => {
    const at = '2026-01-01T00:00:00.000Z';
    const by = { iss: 'https://issuer.test', sub: 'ada' };
    const end = { ...contents.run.end, at, result: 'cancelled', code: 'RUN_CANCELLED', step: null } as never;
    const cancellations = [{ at, by, reason: 'wrong target', force: false }];
    const [step] = contents.steps;
    const steps = [{ ...step, code: 'RUN_CANCELLED' } as ReportContents['steps'][number]];
    const cancelled: ReportContents = { ...contents, steps, run: { ...contents.run, end, cancellations } };
    expect(answerLines(cancelled).at(-1)).toBe(`ended ${at}: cancelled by ada (https://issuer.test): "wrong target"`);
    const markdown = renderMarkdown({ ...report, contents: cancelled });
    expect(markdown).toContain(
      `The run was cancelled at \`${at}\` by \`ada\` (\`https://issuer.test\`): \`wrong target\`.`,
    );
    expect(markdown).toContain('`RUN_CANCELLED` by `ada` (`https://issuer.test`): `wrong target`');
    const expired = { ...(end as object), code: 'GATE_EXPIRED', result: 'failed' } as never;
    expect(
      renderMarkdown({ ...report, contents: { ...cancelled, run: { ...cancelled.run, end: expired } } }),
    ).toContain('`RUN_CANCELLED` because the run was ending (`GATE_EXPIRED`)');
  });

  it('shows the message of a run, or why there is none', () => {
    const withEnd = (change: object): ReportContents => {
      return { ...contents, run: { ...contents.run, end: { ...contents.run.end, ...change } as never } };
    };
    const said = withEnd({ message: { digest: sha256('m'), value: EVIL, isHeld: true } });
    expect(answerLines(said).join('\n')).toContain('message: "<img src=x');
    expect(renderMarkdown({ ...report, contents: said })).toContain('Message');
    expect(renderHtml({ ...report, contents: said })).not.toContain('<img src=x');
    const none = withEnd({ messageError: { code: 'EXPR_NULL', message: 'no value' } });
    expect(answerLines(none)).toContain('no message: EXPR_NULL, no value');
    expect(renderMarkdown({ ...report, contents: none })).toContain('none: `EXPR_NULL`, `no value`');
    expect(answerLines(contents).join('\n')).not.toContain('message:');
  });
});
