import type { Command } from 'commander';
import type { DecisionReceipt } from '@taskrunner/client';
import { isDigest } from '@taskrunner/core/foundation';
import { gateDecisionWord, gateOutcomeWord } from '@taskrunner/core/gate';
import {
  decide,
  DECISIONS,
  shownRequest,
  type DecisionKind,
  type DecisionOptions,
} from '../../decisions/terminal-decision';
import { gateElsewhere } from '../../local/gate-elsewhere';
import { connectIfNamed, withConnection } from '../../server/connection';
import { gateIdOf, gateOf, runIdOf } from '../../server/run-argument';
import { CliError } from '../../terminal/cli-error';
import { EXIT } from '../../terminal/exit-code';
import { hintAs } from '../../terminal/hints/called-as';
import { quoted } from '../../terminal/run-lines';
import type { Context } from '../context';
import { isJson, printAs, withOutput, type ServerOptions } from '../options';

interface Options extends ServerOptions, DecisionOptions {
  readonly full?: boolean;
}

export function registerDecisions(program: Command, context: Context): void {
  for (const kind of DECISIONS)
    withConnection(withOutput(program.command(`${kind.name} <run> [gate]`)))
      .description(kind.description)
      .option(
        '--reason <text>',
        'reason for the decision (default: asked for on a terminal if the gate requires a reason)',
      )
      .option(
        '--response <file>',
        'file with the response to the form of the gate, YAML or JSON (default: asked for on a terminal)',
      )
      .option('--yes', 'do not ask for confirmation; requires --gate-digest')
      .option('--gate-digest <digest>', 'complete digest of the gate request that you reviewed')
      .option('--full', 'print long inputs, findings and values of steps whole')
      .action((named: string, gate: string | undefined, options: Options) =>
        context.run(async () => {
          const { terminal } = context;
          checkConfirmation(options);
          const server = await connectIfNamed(options, context.env);
          if (server === null) throw await gateElsewhere(context.env, named);
          const run = await runIdOf(server, named);
          const view = await gateOf(server, run, await gateIdOf(server, run, gate));
          const columns = terminal.isInteractive ? terminal.columns : undefined;
          const command = `taskrunner ${kind.name} ${run} ${quoted(view.gateId)} --full`;
          const full = options.full ? null : hintAs(command, terminal.calledAs ?? 'taskrunner');
          const withForm = kind.name === 'approve';
          const gates = await server.gates(run);
          const shown = shownRequest(view, await server.plan(run), { withForm, columns, gates, full });
          // Never decides about something that it has not shown: with JSON output it is printed beside the JSON.
          for (const line of shown.lines)
            if (isJson(options)) terminal.say(line);
            else terminal.print(line);
          const { receipt, notes } = await decide(kind, shown, options, { server, terminal });
          printAs(context, options, receipt, () => [
            decidedLine(kind.decision, receipt, (view.request.policy ?? null) !== null),
          ]);
          for (const note of notes) terminal.say(note);
          return EXIT.OK;
        }),
      );
}

/** What was decided and how the gate stands. An approval of a request to override is called what the evidence calls it. */
function decidedLine(
  decision: DecisionKind['decision'],
  { approvals, required, status }: Pick<DecisionReceipt, 'approvals' | 'required' | 'status'>,
  isOverride: boolean,
): string {
  const word = status === 'open' ? status : gateOutcomeWord(status, isOverride);
  const did = isOverride ? `you ${gateDecisionWord(decision, true)}` : decision;
  return `${did}: ${approvals} of ${required}, the gate is ${word}`;
}

/** `--yes` and `--gate-digest`, as far as they need no server. */
function checkConfirmation({ yes, gateDigest }: Options): void {
  if (yes && gateDigest === undefined)
    throw new CliError(
      'CLI_USAGE',
      '--yes requires --gate-digest',
      'Pass the digest of the gate request that you reviewed.',
    );
  if (gateDigest !== undefined && !isDigest(gateDigest))
    throw new CliError(
      'CLI_USAGE',
      '--gate-digest is not a whole digest',
      'Pass the whole digest: sha256: and 64 hexadecimal characters.',
    );
}
