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
