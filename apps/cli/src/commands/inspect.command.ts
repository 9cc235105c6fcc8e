import { stat, writeFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { Option, type Command } from 'commander';
import { buildReport, renderHtml, renderMarkdown, type Report, type ReportRequest } from '@taskrunner/core/evidence';
import type { PolicyEngines } from '@taskrunner/core/policy';
import { readTerms, verifyBundle, withEvidenceOptions, type EvidenceOptions } from '../evidence/evidence-options';
import { errorInJson } from '../evidence/error-in-json';
import { SecondThread } from '../evidence/second-thread';
import { workingPaper } from '../evidence/working-paper';
import { readBundleFile, type ReadBundle } from '../packs/read-bundle';
import { CliError } from '../terminal/cli-error';
import { EXIT } from '../terminal/exit-code';
import { safeLine } from '../terminal/safe-text';
import type { Context } from './context';
import { refuseSpecialFile } from '../files/special-file';

type Format = 'md' | 'html' | 'json';

interface Options extends EvidenceOptions {
  readonly trust?: string;
  readonly format?: Format;
  readonly output?: string;
  readonly force?: boolean;
}

/** `inspect`. `engines`: policy engines of this program besides CEL. */
export function registerInspect(program: Command, context: Context, engines: PolicyEngines): void {
  const command = program
    .command('inspect <bundle>')
    .description('write a report for an auditor: approvals with person, time and reason, and the results of the run')
    .option('--trust <file>', 'trust file (taskrunner.trust.v1); without it, nothing is verified');
  withEvidenceOptions(command)
    .addOption(
      new Option(
        '--format <format>',
        'Markdown, a single HTML file without scripts, or JSON (default: from the extension of --output)',
      ).choices(['md', 'html', 'json']),
    )
    .option('--output <file>', 'file to write to instead of stdout')
    .option('--force', 'replace the file of --output if it exists')
    .action((path: string, options: Options) =>
      context.run(async () => {
        const { terminal } = context;
        const verified = await errorInJson(terminal, isJson(options), {}, async () => {
          if (options.output !== undefined) await refuseInput(options.output, path, options);
          formatOf(options);
          return verification(path, options, engines, context.checkThread);
        });
        const { bundle } = verified;
        const report = buildReport({
          bundle: { name: basename(path), size: bundle.size, sha256: bundle.sha256() },
          files: bundle.files,
          verified: verified.verified,
          paper: await workingPaper(context.program, options),
        });
        const text = written(report, formatOf(options));
        if (options.output === undefined) terminal.print(text.replace(/\n$/, ''));
        else {
          await writeReport(options.output, text, options.force ?? false);
          terminal.say(safeLine(`written to ${options.output}`));
        }
        for (const note of verified.notes) terminal.say(`note: ${note}`);
        const { status, cause } = report.verdict;
        if (status === 'unverified')
          terminal.say(
            'nothing was verified (exit code 0 means only that the report was written); use --trust FILE to verify the bundle',
          );
        if (cause !== null) terminal.say(safeLine(`VERIFICATION FAILED at ${cause.check}: ${cause.detail}`));
        return status === 'failed' ? EXIT.NOT_VERIFIED : EXIT.OK;
      }, options.trust),
    );
}

interface Inspected {
  readonly bundle: ReadBundle;
  readonly verified: ReportRequest['verified'];
  readonly notes: readonly string[];
}

async function verification(
  path: string,
  options: Options,
  engines: PolicyEngines,
  entry: string | URL | undefined,
): Promise<Inspected> {
  const { trust, expect, original, checkpoints, audit, allowDev, allowLocal, threads } = options;
  const terms = [expect, original, checkpoints, audit, allowDev, allowLocal, threads];
  if (trust === undefined && terms.some((one) => one !== undefined))
    throw new CliError(
      'CLI_USAGE',
      '--expect, --original, --checkpoints, --audit, --allow-dev, --allow-local and --threads require --trust: without a trust file, nothing is verified',
      'Add --trust FILE.',
    );
  if (trust === undefined) return { bundle: await readWhole(path), verified: null, notes: [] };
  return SecondThread.beside({ entry, asked: threads, bundle: path }, async (second) => {
    const read = await readTerms(trust, options);
    const bundle = await readWhole(path);
    const { verification: found, notes } = await verifyBundle(bundle, read, engines, second);
    return { bundle, verified: { verification: found, trust: read.trust }, notes };
  });
}

/** Reads a bundle. Throws `CLI_FILE` or `BUNDLE_UNREADABLE`. */
async function readWhole(path: string): Promise<ReadBundle> {
  const bundle = await readBundleFile(path);
  if (bundle.refusal !== null) throw bundle.refusal;
  return bundle;
}

const ENDINGS: Readonly<Record<string, Format>> = {
  '.md': 'md',
  '.markdown': 'md',
  '.html': 'html',
  '.htm': 'html',
  '.json': 'json',
};

/** The requested format. Throws `CLI_USAGE` for an unknown file extension. */
function formatOf({ format, output }: Options): Format {
  if (format !== undefined) return format;
  if (output === undefined) return 'md';
  const found = ENDINGS[extname(output).toLowerCase()];
  if (found !== undefined) return found;
  throw new CliError(
    'CLI_USAGE',
    `--output ${output} does not end in .md, .html or .json`,
    'Choose another name, or add --format md, html or json.',
  );
}

function isJson({ format, output }: Options): boolean {
  return output === undefined && format === 'json';
}

/** Refuses to write a report over one of its sources, under any name or link. Throws `CLI_USAGE`. */
async function refuseInput(output: string, bundle: string, options: Options): Promise<void> {
  const target = await identityOf(output);
  if (target === null) return;
  const { trust, original, checkpoints, audit, expect = [] } = options;
  const artifacts = expect.flatMap((one) => (one.startsWith('artifact=') ? [one.slice('artifact='.length)] : []));
  for (const input of [bundle, trust, original, checkpoints, audit, process.argv[1], ...artifacts]) {
    if (input === undefined || (await identityOf(input)) !== target) continue;
    throw new CliError(
      'CLI_USAGE',
      `--output ${output} is an input of this command (${input}): it is never replaced, not even with --force`,
      'Choose another file for --output.',
    );
  }
}

/** Device and inode of a file: equal for all its names. Null if there is none. */
async function identityOf(path: string): Promise<string | null> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  return found !== null && found.isFile() ? `${found.dev} ${found.ino}` : null;
}

function written(report: Report, format: Format): string {
  if (format === 'html') return renderHtml(report);
  if (format === 'md') return renderMarkdown(report);
  // Characters that a terminal might interpret or hide are escaped in ASCII, which means the same in JSON.
  const ascii = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `${JSON.stringify(report, null, 2).replace(/[\u007f-\uffff]/g, ascii)}\n`;
}

async function writeReport(path: string, text: string, force: boolean): Promise<void> {
  refuseSpecialFile(path);
  try {
    await writeFile(path, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (code === 'EEXIST') throw new CliError('CLI_FILE', `${path} already exists`, 'Add --force to replace it.');
    throw new CliError('CLI_FILE', `${path} cannot be written (${code})`, 'Check the path of --output.', [], {
      cause: error,
    });
  }
}
