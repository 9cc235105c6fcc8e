import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fingerprint, readTrust } from '@taskrunner/core/evidence';
import { sampleRun, sealBundle } from '@taskrunner/core/testing';
import { writeTar } from '@taskrunner/infrastructure/archive';
import { NODE_ENVIRONMENT } from './testing/node-environment';

const ROOT = join(__dirname, '..', '..', '..');
const PAGE = readFileSync(join(ROOT, 'docs', 'guides', 'auditing.md'), 'utf8');

/** The fenced blocks, in order: language, tag, text. */
const BLOCKS = [...PAGE.matchAll(/^```(\w*)(.*)\n([^]*?)^```$/gm)].map(([, language, tag, text]) => ({
  language,
  tag: tag?.trim(),
  text: text ?? '',
}));

/** Texts of the fenced blocks of a language, in order. */
function fenced(language: string): readonly string[] {
  return BLOCKS.filter((block) => block.language === language).map(({ text }) => text);
}

/** Executes the guide for auditors: it types the commands that the guide tells readers to type. */
describe('docs/guides/auditing.md', () => {
  let folder: string;
  const outputs = new Map<string, string>();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'auditing-'));
    const sample = await sampleRun();
    const parts: Uint8Array[] = [];
    const files = [...sealBundle(sample)].map(([path, bytes]) => ({ path, bytes }));
    for await (const part of writeTar(files)) parts.push(part);
    writeFileSync(join(folder, 'run.tar'), Buffer.concat(parts));
    const trust = { ...sample.trust, expires: '2099-01-01T00:00:00.000Z' };
    writeFileSync(join(folder, 'trust.json'), JSON.stringify(trust, null, 2));
    const build = [join(ROOT, 'tools', 'build-verifier.mjs'), '--out', join(folder, 'taskrunner-verify.mjs')];
    execFileSync(process.execPath, build);
    writeFileSync(join(folder, 'check.mjs'), fenced('js')[0] ?? '');
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('has no fenced block that is not executed or read here', () => {
    expect(new Set(BLOCKS.map(({ language }) => language))).toEqual(new Set(['sh', 'json', 'js']));
    const tag = 'test=elsewhere:apps/cli/src/auditing-guide.int-spec.ts';
    expect(new Set(BLOCKS.map((block) => block.tag))).toEqual(new Set([tag]));
    expect([fenced('js').length, fenced('json').length]).toEqual([1, 1]);
  });

  it.each(fenced('sh').map((text) => [text]))('executes: %s', (text) => {
    const usesCosign = /^cosign /m.test(text);
    const isMissing = spawnSync('which', ['cosign']).status !== 0;
    if (usesCosign && isMissing) {
      if (process.env['CI'] === 'true') throw new Error('cosign is not installed');
      console.warn('left out: cosign is not installed');
    }
    // The rest of the block is executed without it, because later blocks need its files.
    const script = usesCosign && isMissing ? text.replace(/^cosign (?:.*\\\n)*.*\n/m, '') : text;
    const env = { ...NODE_ENVIRONMENT, HOME: folder };
    const { status, stdout, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: folder,
      env,
      encoding: 'utf8',
    });
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    if (usesCosign && !isMissing) expect(stderr).toContain('Verified OK');
    outputs.set(text, stdout);
  });

  it('says what the commands print', () => {
    const all = [...outputs.values()].join('\n');
    expect(all).toMatch(/^gate approve: approved$/m);
    expect(all).toMatch(/; equal to what was expected: (?:run|plan|pack|tenant|mode|artifact) /);
    expect(all).toContain('the signature holds');
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('VERIFIED: all');
    const { verdict } = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as {
      verdict: { status: string };
    };
    expect(verdict.status).toBe('verified');
    const report = readFileSync(join(folder, 'report.md'), 'utf8');
    const titles = [...report.matchAll(/^## (.+)$/gm)].map(([, title]) => title ?? '');
    expect(titles.length).toBeGreaterThan(10);
    for (const title of titles) expect(PAGE).toContain(title);
  });

  it('shows a trust file that is one, and explains each of its members', () => {
    const text = fenced('json')[0] ?? '';
    const trust = readTrust(text);
    for (const { keyid, spki } of trust.keys) expect(fingerprint(spki)).toBe(keyid);
    const rows = PAGE.split('\n').filter((line) => line.startsWith('| `'));
    const missing = membersOf(trust, '').filter(
      (member) => !rows.some((row) => row.split(' | ')[0]?.includes(`\`${member}\``)),
    );
    expect(missing).toEqual([]);
  });
});

/** Names of members, including those of list items and of `require`, as in the table. */
function membersOf(value: object, above: string): readonly string[] {
  return Object.entries(value as Record<string, unknown>).flatMap(([name, member]): readonly string[] => {
    const path = `${above}${name}`;
    if (Array.isArray(member)) {
      const [first] = member as readonly unknown[];
      if (above === '' && typeof first === 'object' && first !== null)
        return [`${path}[]`, ...membersOf(first, `${path}[].`)];
      return above === '' ? [`${path}[]`] : [path];
    }
    if (above === '' && typeof member === 'object' && member !== null) return membersOf(member, `${path}.`);
    return [path];
  });
}
