import type { Command } from 'commander';
import type { Fault } from '@taskrunner/core/foundation';
import type { Plan } from '@taskrunner/core/plan';
import { durationText } from '../lists/time-text';
import type { InputOptions } from '../packs/input-arguments';
import type { OfflineOptions } from '../packs/offline-setting';
import { planOffline } from '../packs/plan-offline';
import { EXIT, type ExitCode } from '../terminal/exit-code';
import { withInputHints, type InputRules } from '../packs/input-hints';
import { faultLines, warningLines } from '../terminal/print-faults';
import { safeLine } from '../terminal/safe-text';
import type { Terminal } from '../terminal/terminal';
import type { Context } from './context';
import { isJson, printLines, withInputs, withOffline, withOutput } from './options';

interface Options extends OfflineOptions, InputOptions {
  readonly output: string;
}

export function registerPlan(program: Command, context: Context): void {
  withOutput(withOffline(withInputs(program.command('plan <pack>'))))
    .description('plan a pack without a server and print the plan and its hash')
    .action((argument: string, options: Options) =>
      context.run(async () => {
        const { terminal } = context;
        const planning = await planOffline(argument, options, context);
        if (planning.kind === 'refused') return refuse(planning, options.output, terminal);
        const { planHash, receipt, plan, warnings, profileDigest } = planning.planned;
        if (isJson(options)) terminal.print(JSON.stringify({ planHash, receipt, plan }));
        else {
          const { workerLabels, concurrency, profile, index } = planning.planned;
          const steps = [...index.nodes].flatMap(([id, { node }]) =>
            node.kind === 'run' ? [`step         ${node.effects.padEnd(10)} ${id} (${node.uses})`] : [],
          );
          const facts = [
            `pack         ${plan.pack.name} ${plan.pack.version}`,
            `content      ${plan.pack.contentDigest}`,
            ...profile.secrets.map(({ name, provider }) => `secret       ${name} (from ${provider})`),
            ...steps,
            ...plan.approvals.map((approval) => `approval     ${approval.id}: ${timesOf(approval, index)}`),
            ...(workerLabels.length > 0 ? [`workers      with ${workerLabels.join(', ')}`] : []),
            ...(concurrency === null ? [] : [`concurrency  ${concurrency.group} (${concurrency.onConflict})`]),
            `profile      ${profileDigest} (of this configuration)`,
            ...Object.entries(receipt).map(([component, digest]) => `  ${component.padEnd(12)} ${digest}`),
            `plan hash    ${planHash}`,
          ];
          printLines(context, facts.map(safeLine));
        }
        for (const line of warningLines(warnings, planning.shown)) terminal.say(line);
        return EXIT.OK;
      }, argument),
    );
}

/** How long people may decide, and how long the steps behind may then start; where the pack says nothing, as this configuration has it. */
function timesOf(
  { expiresAfterMs, executeWithinMs }: Plan['approvals'][number],
  {
    defaults,
    approvalFloor,
  }: {
    readonly defaults: { readonly expiresAfterMs: number; readonly executeWithinMs: number };
    readonly approvalFloor: { readonly maxExpiresAfterMs: number };
  },
): string {
  const toDecide = Math.min(expiresAfterMs ?? defaults.expiresAfterMs, approvalFloor.maxExpiresAfterMs);
  const toStart = executeWithinMs ?? defaults.executeWithinMs;
  return `${durationText(toDecide)} to decide, then ${durationText(toStart)} to start steps`;
}

/** Reports why there is no plan, in the requested format. */
export function refuse(
  {
    faults,
    shown,
    inputs = [],
  }: { readonly faults: readonly Fault[]; readonly shown: string; readonly inputs?: InputRules },
  output: string,
  terminal: Terminal,
): ExitCode {
  if (isJson({ output })) terminal.print(JSON.stringify({ valid: false, errors: faults }));
  for (const line of faultLines(withInputHints(faults, inputs), shown)) terminal.say(line);
  return EXIT.INVALID_INPUT;
}
