import { runProgram, type Register } from './command-line';
import { registerInspect } from './commands/inspect.command';
import { registerKey } from './commands/key.command';
import { registerVerify } from './commands/verify.command';
import { answersChecks } from './evidence/check-thread';
import { endWithoutReader } from './terminal/closed-output';
import { ProcessTerminal } from './terminal/process-terminal';

// The entry of `taskrunner-verify.mjs` (tools/build-verifier.mjs): the commands of the CLI that need neither server nor database, in one
// file. It evaluates only CEL policies again, because the WebAssembly of Cedar is larger than everything else.

/** Set by the build. */
declare const VERIFIER_VERSION: string;
/** The file itself, by its URL: a second thread runs it again. Set by the build. */
declare const VERIFIER_URL: string;

const COMMANDS: readonly Register[] = [
  (program, context) => registerVerify(program, context, {}, true),
  (program, context) => registerInspect(program, context, {}),
  registerKey,
];

endWithoutReader();

async function verify(): Promise<void> {
  process.exitCode = await runProgram(
    {
      name: 'taskrunner-verify',
      description: 'Verifies and shows the evidence of TaskRunner runs, without network, server or dependencies.',
    },
    COMMANDS,
    {
      arguments: process.argv.slice(2),
      terminal: new ProcessTerminal(),
      env: process.env,
      readStdin: async () => new Uint8Array(),
      version: VERIFIER_VERSION,
      checkThread: new URL(VERIFIER_URL),
    },
  );
}

if (!answersChecks()) void verify();
