import type { Command } from 'commander';
import type { ReadDocument } from '@taskrunner/core/document';
import { sortFaults } from '@taskrunner/core/foundation';
import { simulationJson } from '@taskrunner/core/operations';
import { simulate, verdictInWords, type Simulated } from '@taskrunner/core/simulation';
import { readPlacedDocument, type InputOptions } from '../packs/input-arguments';
import type { OfflineOptions } from '../packs/offline-setting';
import { bytesOf } from '../packs/pack-argument';
import { planOffline } from '../packs/plan-offline';
import { EXIT } from '../terminal/exit-code';
import { durationText } from '../lists/time-text';
import { safeLine } from '../terminal/safe-text';
import type { Terminal } from '../terminal/terminal';
import type { Context } from './context';
import { withInputs, withOffline, withOutput, isJson } from './options';
import { refuse } from './plan.command';

interface Options extends OfflineOptions, InputOptions {
  readonly output: string;
  readonly script?: string;
}

export function registerSimulate(program: Command, context: Context): void {
  withOutput(withOffline(withInputs(program.command('simulate <pack>'))))
    .description('simulate a run without a server; no step is executed')
    .option('--script <file>', 'file with the outcome to assume for each step')
    .action((argument: string, options: Options) =>
      context.run(async () => {
        const { terminal } = context;
        const planning = await planOffline(argument, options, context);
        if (planning.kind === 'refused') return refuse(planning, options.output, terminal);
        const { planned, engines } = planning;
        const document = options.script === undefined ? null : await readScript(options.script);
        const sealed = options.sealed === true || planned.plan.sandbox.mode === 'sealed';
        const simulation = simulate({
          planned,
          sealed,
          engines,
          ...(document === null ? {} : { script: document.value }),
        });
        if (simulation.kind === 'refused') {
          const faults = simulation.faults.map((fault) => ({ ...fault, ...document?.keyPositionOf(fault.path) }));
          return refuse({ faults: sortFaults(faults), shown: options.script ?? '' }, options.output, terminal);
        }
        if (isJson(options)) terminal.print(JSON.stringify(simulationJson(simulation)));
        else printSimulation(simulation, terminal);
        return EXIT.OK;
      }, argument),
    );
}

async function readScript(path: string): Promise<ReadDocument> {
  return readPlacedDocument(await bytesOf(path), path);
}

function printSimulation({ report, status, code, assumptions }: Simulated, terminal: Terminal): void {
  for (const { id, kind, class: of, reason } of report.nodes)
    terminal.print(safeLine(`${of.padEnd(17)} ${kind.padEnd(11)} ${id}${reason === null ? '' : `  (${reason})`}`));
  for (const { gate, grants, minApprovals, expiresAfterMs } of report.approvals) {
    const time = `${durationText(expiresAfterMs)} to decide`;
    terminal.print(safeLine(`approval     ${gate}: ${minApprovals} × ${grants.join(' and ')}, ${time}`));
  }
  for (const judged of report.policies) terminal.print(safeLine(`policy       ${judged.gate}: ${policyLine(judged)}`));
  for (const { name, required, provider, steps } of report.secrets)
    terminal.print(
      safeLine(
        `secret       ${name}${required ? '' : ' (optional)'}${provider === null ? ', not bound' : ` from ${provider}`}: ${steps.join(', ') || 'no step'}`,
      ),
    );
  for (const { step, url, verdict, enforced } of report.egress)
    terminal.print(safeLine(`egress       ${step} → ${url}: ${verdict}, ${enforced}`));
  for (const step of report.ungatedEffects) terminal.print(safeLine(`ungated      ${step}`));
  terminal.print(safeLine(`longest path ${report.criticalPath.join(' → ')}`));
  terminal.print(`widest       ${report.widest}`);
  if (report.workers.length > 0) terminal.print(safeLine(`workers      with ${report.workers.join(', ')}`));
  if (report.concurrency !== null)
    terminal.print(safeLine(`concurrency  ${report.concurrency.group} (${report.concurrency.onConflict})`));
  for (const { name, known, value } of report.outputs)
    terminal.print(safeLine(`output       ${name} = ${known ? JSON.stringify(value) : 'unknown before a run'}`));
  if (report.message !== null)
    for (const line of messageText(report.message).split('\n')) terminal.print(safeLine(`message      ${line}`));
  for (const { id, what } of assumptions) terminal.print(safeLine(`assumed      ${id}: ${what}`));
  terminal.print(safeLine(`would end    ${status}${code === null ? '' : ` (${code})`}`));
  terminal.print(`plan hash    ${report.planHash}`);
}

function messageText({ known, text, error }: NonNullable<Simulated['report']['message']>): string {
  if (!known) return 'unknown before a run';
  return text ?? `none: ${error?.code ?? ''}, ${error?.message ?? ''}`;
}

/** `policy few denies: too many (hard-mandatory)`. */
function policyLine(judged: Simulated['report']['policies'][number]): string {
  const { policy, engine, level, by, unknown } = judged;
  const reported = `policy ${policy} ${verdictInWords(judged)} (${level})`;
  if (by === 'evaluated') return reported;
  if (by === 'script') return `${reported}, as set in the script`;
  const why = unknown.length === 0 ? `the engine ${engine} is not available` : `unknown: ${unknown.join(', ')}`;
  return `${reported}, assumed; ${why}`;
}
