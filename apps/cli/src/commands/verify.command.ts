import type { Command } from 'commander';
import type { PolicyEngines } from '@taskrunner/core/policy';
import { readTerms, verifyBundle, withEvidenceOptions, type EvidenceOptions } from '../evidence/evidence-options';
import { errorInJson } from '../evidence/error-in-json';
import { verificationLines } from '../evidence/verification-lines';
import { SecondThread } from '../evidence/second-thread';
import { readBundleFile } from '../packs/read-bundle';
import { EXIT } from '../terminal/exit-code';
import type { Context } from './context';
import { isJson, withOutput } from './options';

interface Options extends EvidenceOptions {
  readonly trust: string;
  readonly json?: boolean;
  readonly output?: string;
}

/** `verify`. `engines`: policy engines of this program besides CEL. */
export function registerVerify(program: Command, context: Context, engines: PolicyEngines, isDefault = false): void {
  const command = program
    .command('verify <bundle>', { isDefault })
    .description('verify the evidence of a run offline; only the trust file is trusted')
    .requiredOption('--trust <file>', 'trust file (taskrunner.trust.v1)');
  withOutput(withEvidenceOptions(command))
    .option(
      '--json',
      'the same as --output json: print {ok, run, planHash, checks}, and error {code, message, remediation, faults} if a file or option is refused',
    )
    .action((path: string, options: Options) =>
      context.run(async () => {
        const { terminal } = context;
        const json = options.json === true || isJson(options);
        const nothing = { ok: false, run: null, planHash: null, checks: [] };
        const thread = { entry: context.checkThread, asked: options.threads, bundle: path };
        const { bundle, verification, notes } = await SecondThread.beside(thread, async (second) => {
          const [terms, read] = await errorInJson(terminal, json, nothing, async () => {
            return [await readTerms(options.trust, options), await readBundleFile(path)] as const;
          });
          if (read.refusal !== null && !json) throw read.refusal;
          return { bundle: read, ...(await verifyBundle(read, terms, engines, second)) };
        });
        const { refusal, files } = bundle;
        const { ok, run, planHash, checks } = verification;
        if (json) {
          const error = refusal && { code: refusal.code, message: refusal.message, remediation: refusal.remediation };
          terminal.print(JSON.stringify({ ok, run, planHash, checks, ...(error && { error }) }));
        } else for (const line of verificationLines(verification, files.size > 0)) terminal.print(line);
        for (const note of notes) terminal.say(`note: ${note}`);
        return ok ? EXIT.OK : EXIT.NOT_VERIFIED;
      }, options.trust),
    );
}
