import { appendFile, readFile } from 'node:fs/promises';
import { readTrust, verifyAudit, verifySignature, type AuditEntry } from '@taskrunner/core/evidence';
import type { Command } from 'commander';
import { connect, withConnection, type ConnectionOptions } from '../server/connection';
import { unreadable } from '../packs/pack-argument';
import { EXIT } from '../terminal/exit-code';
import { safeLine } from '../terminal/safe-text';
import type { Context } from './context';
import { isJson, withOutput } from './options';
import { checkpointsIn, countOf, exportIn, leadOf } from '../evidence/audit-files';
import { auditLines } from '../evidence/audit-lines';
import { followingEntries, intactEntries, pageStart } from '../evidence/following-entries';
import { readText } from '../evidence/evidence-options';
import { refuseNoFile } from '../files/special-file';

interface FetchOptions extends ConnectionOptions {
  readonly file?: string;
}

/** `audit export|checkpoints|verify`. */
export function registerAudit(program: Command, context: Context): void {
  const audit = program.command('audit').description('export and verify the audit chain of the tenant');
  withConnection(audit.command('export'))
    .description('export the entries of the audit chain, one JSON value on each line (scope packs.admin)')
    .option('--file <path>', 'append the entries after the last entry of this file (default: print all entries)')
    .action((options: FetchOptions) =>
      context.run(async () => {
        const { file } = options;
        const text = await textIfThere(file);
        const known = file === undefined ? [] : intactEntries(file, exportIn(file, text));
        const server = await connect(options, context.env);
        const entries = server.auditPages(pageStart(known.at(-1))) as AsyncIterable<readonly AuditEntry[]>;
        const following = followingEntries(file, known.at(-1), entries);
        return write(context, { file, lead: leadOf(text) }, following, ({ seq, at, prev, hash, event }) => ({
          ...{ seq, at, prev, hash, event },
        }));
      }),
    );
  withConnection(audit.command('checkpoints'))
    .description('export the signed checkpoints of the audit chain, one DSSE envelope on each line (scope packs.admin)')
    .option(
      '--file <path>',
      'append the checkpoints after the last checkpoint of this file (default: print all checkpoints)',
    )
    .action((options: FetchOptions) =>
      context.run(async () => {
        const { file } = options;
        const text = await textIfThere(file);
        const known = file === undefined ? [] : checkpointsIn(file, text);
        const server = await connect(options, context.env);
        const found = server.checkpointPages(Math.max(0, ...known.map(countOf)));
        return write(context, { file, lead: leadOf(text) }, found, ({ envelope }) => envelope);
      }),
    );
  registerVerify(audit, context);
  for (const command of audit.commands) command.copyInheritedSettings(program);
}

interface VerifyOptions {
  readonly checkpoints: string;
  readonly trust: string;
  readonly tenant?: string;
  readonly allowDev?: boolean;
  readonly allowLocal?: boolean;
  readonly json?: boolean;
  readonly output: string;
}

function registerVerify(audit: Command, context: Context): void {
  withOutput(audit.command('verify <export>'))
    .description('verify offline that an export is complete, using checkpoints that you kept')
    .requiredOption('--checkpoints <file>', 'file with signed checkpoints, one on each line')
    .requiredOption('--trust <file>', 'trust file (taskrunner.trust.v1)')
    .option('--tenant <tenant>', 'tenant of the chain, if the checkpoints belong to several tenants')
    .option('--allow-dev', 'accept a trust file that has only keys of a development installation')
    .option('--allow-local', 'accept a trust file that has only keys of a run without a server')
    .option('--json', 'the same as --output json: print {ok, tenant, last, covered, checks}')
    .action((file: string, options: VerifyOptions) =>
      context.run(async () => {
        const { terminal } = context;
        const entries = exportIn(file, await readText(file));
        const checkpoints = checkpointsIn(options.checkpoints, await readText(options.checkpoints));
        const trust = readTrust(await readText(options.trust));
        const verification = verifyAudit({
          entries,
          checkpoints,
          trust,
          verifySignature,
          tenant: options.tenant,
          allowDev: options.allowDev,
          allowLocal: options.allowLocal,
          now: Date.now(),
        });
        if (options.json || isJson(options)) terminal.print(JSON.stringify(verification));
        else auditLines(verification, trust).forEach((line) => terminal.print(line));
        return verification.ok ? EXIT.OK : EXIT.NOT_VERIFIED;
      }, file),
    );
}

/** A page at a time, each in one write. */
async function write<Item>(
  { terminal }: Context,
  { file, lead }: { readonly file: string | undefined; readonly lead: string },
  pages: AsyncIterable<readonly Item[]>,
  lineOf: (item: Item) => object,
) {
  let count = 0;
  let before = lead;
  for await (const items of pages) {
    const lines = items.map((item) => JSON.stringify(lineOf(item)));
    count += lines.length;
    if (file === undefined) lines.forEach((line) => terminal.print(line));
    else if (lines.length > 0) {
      await appendFile(file, `${before}${lines.join('\n')}\n`, { mode: 0o600 });
      before = '';
    }
  }
  if (file !== undefined) terminal.print(safeLine(`${count} entries appended to ${file}`));
  return EXIT.OK;
}

async function textIfThere(path: string | undefined): Promise<string> {
  if (path === undefined) return '';
  refuseNoFile(path);
  return readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as { code?: unknown }).code === 'ENOENT') return '';
    throw unreadable(path, error);
  });
}
