import { numberOf } from './number-option';
import { Option, type Command } from 'commander';
import { describeEnd, READY_MS, type ChildEnd } from '../dev/child-process';
import { startDevStack, tokenOfStack, type DevStack } from '../dev/dev-stack';
import { startFolderStack, type FolderStack } from '../dev/folder-stack';
import { consoleOpening, isProgram } from '../dev/open-console';
import { readOwnSettings } from '../dev/own-settings';
import { readConsole, type ConsoleAnswer } from '../server/console-page';
import { openBrowser } from '../session/browser';
import { EXIT } from '../terminal/exit-code';
import { quoted } from '../terminal/run-lines';
import { safeLine } from '../terminal/safe-text';
import type { Terminal } from '../terminal/terminal';
import type { Context } from './context';
import { several } from './options';

interface Options {
  readonly keepData?: string;
  readonly port?: string;
  readonly storage: 'server' | 'file';
  readonly config?: string;
  readonly verbose?: boolean;
  readonly open?: boolean;
  readonly actor?: readonly string[];
  readonly startTimeout: string;
}

const STATE = '.taskrunner';

export function registerDev(program: Command, context: Context): void {
  const dev = program
    .command('dev')
    .description('run a development stack on this machine: database, authority, webservice and worker; Ctrl-C stops it')
    .option('--keep-data <folder>', `folder for all data (default: ${STATE})`)
    .option('--port <port>', 'port of the API')
    .addOption(
      new Option(
        '--storage <where>',
        'server: a database server of the stack, and a process for each service; file: a database in a folder, and one process, as with `serve`',
      )
        .choices(['server', 'file'])
        .default('server'),
    )
    .option(
      '--config <file>',
      'configuration file with further settings of the services, such as secrets, webhooks or sealedMode.allow; TASKRUNNER_* variables override it',
    )
    .option(
      '--actor <name>',
      'program that may act for people who decide (approvals.actors), such as ci; can be repeated',
      several,
    )
    .option(
      '--open',
      'open the console in a browser (default: on a terminal, if a program that opens URLs exists; never with CI=true)',
    )
    .option('--no-open', 'print the address of the console without opening a browser')
    .option(
      '--start-timeout <seconds>',
      'maximum time to wait for each process to be ready while it runs',
      String(READY_MS / 1_000),
    )
    .option('--verbose', 'print the output of the processes')
    .action((options: Options) => context.run(() => runDev(options, context), options.config));
  dev
    .command('token <login>')
    .description('print a token of ada, grace, linus, ops, wendy or mallory for the running stack')
    .option(
      '--act <name>',
      'actor of the token exchange: another person or the machine ci; if repeated, each actor acts for the previous actor',
      several,
    )
    .action((login: string, { act = [] }: { readonly act?: readonly string[] }) =>
      context.run(async () => {
        context.terminal.print(await tokenOfStack(dev.opts<Options>().keepData ?? STATE, login, act));
        return EXIT.OK;
      }),
    );
}

async function runDev(options: Options, { terminal, env }: Context) {
  const port =
    options.port === undefined ? null : numberOf('--port', options.port, { least: 0, most: 65_535, usual: 8_080 });
  const startTimeout = numberOf('--start-timeout', options.startTimeout, { least: 1, most: 86_400, usual: 600 });
  const own = await readOwnSettings(options.config, env);
  const waiting = new Ending();
  const start: (options: Parameters<typeof startDevStack>[0]) => Promise<FolderStack> =
    options.storage === 'file' ? startFolderStack : startDevStack;
  const stack = await start({
    own,
    stateDirectory: options.keepData ?? STATE,
    ...(port === null ? {} : { ports: { api: port } }),
    ...(options.actor === undefined ? {} : { actors: options.actor }),
    startTimeoutMs: startTimeout * 1_000,
    onProgress: (text) => terminal.say(safeLine(text)),
    ...(options.verbose ? { onLine: (name: string, line: string) => terminal.say(safeLine(`${name} | ${line}`)) } : {}),
    onLost: (end) => waiting.lost(end),
  }).catch((error: unknown) => {
    waiting.close();
    throw error;
  });
  if (!waiting.isOver) {
    const answer = await readConsole(stack.server);
    for (const line of usageOf(stack, answer, terminal.calledAs ?? 'npx taskrunner')) terminal.print(line);
    if (answer.page !== null) openConsole(consoleOf(stack), options.open, terminal, env);
    else if (options.open === true) terminal.say(`The console is not opened: it is ${stateOf(answer)}`);
  }
  const end = await waiting.end;
  if (end !== null) {
    terminal.say(safeLine(`DEV_PROCESS_LOST the ${end.name} has ended: ${describeEnd(end)}`));
    terminal.say(safeLine(`help: See ${stack.stateDirectory}/logs. The other processes are being stopped.`));
  } else terminal.say('stopping');
  await stack.stop();
  waiting.close();
  return end === null ? EXIT.OK : EXIT.FAILED;
}

/**
 * Resolves when the stack must stop: at SIGINT, SIGTERM or SIGHUP (null), or with the first process that was lost. While it stops, further
 * signals are caught and ignored.
 */
class Ending {
  readonly end: Promise<ChildEnd | null>;
  isOver = false;
  private settle: (end: ChildEnd | null) => void = () => undefined;
  private readonly stop = (): void => this.lost(null);

  constructor() {
    this.end = new Promise((resolve) => {
      this.settle = resolve;
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, this.stop);
  }

  lost(end: ChildEnd | null): void {
    this.isOver = true;
    this.settle(end);
  }

  close(): void {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, this.stop);
  }
}

function consoleOf({ server }: Pick<FolderStack, 'server'>): string {
  return `${server}/console/`;
}

/** Opens the console, or says why not if the person has asked for it. */
function openConsole(address: string, asked: boolean | undefined, terminal: Terminal, env: Context['env']): void {
  const { isInteractive } = terminal;
  const exists = (program: string): boolean => isProgram(program, env);
  const opening = consoleOpening({ asked, isInteractive, env, platform: process.platform, exists });
  if ('program' in opening) openBrowser(opening.program, address);
  else if (asked === true && opening.why !== null)
    terminal.say(safeLine(`The console is not opened: ${opening.why}. Open ${address} yourself.`));
}

/** Why the console is not there, with what to do. */
function stateOf(answer: ConsoleAnswer & { readonly page: null }): string {
  if (answer.refusal === 'CONSOLE_NOT_BUILT') return 'not built; run npx nx build console';
  return answer.refusal === 'CONSOLE_DISABLED'
    ? 'disabled (console.enabled)'
    : 'not served; see the log of the webservice';
}

/** Suggests the next steps. `answer`: what the webservice answers for the console. `name`: the name by which the program was called. */
export function usageOf(
  stack: Pick<DevStack, 'server' | 'issuer' | 'health' | 'trustPath' | 'stateDirectory' | 'sandbox'>,
  answer: ConsoleAnswer,
  name: string,
): readonly string[] {
  const { server, issuer, health, trustPath, stateDirectory, sandbox } = stack;
  const keep = quoted(stateDirectory);
  return [
    `API        ${server}  (${server}/docs)`,
    answer.page === null ? `console: ${stateOf(answer)}` : `console    ${consoleOf(stack)}`,
    `authority  ${issuer}  (people: ada runs, grace approves, linus may do both, ops administers; any password)`,
    `health     ${[health.webservice, ...health.workers].join('  ')}`,
    sandbox.profile === 'bwrap'
      ? 'sandbox    bubblewrap'
      : safeLine(`sandbox    none: steps are not isolated (${sandbox.reason ?? 'unknown'})`),
    `trust file ${trustPath}`,
    '',
    `${name} login --server ${server} --issuer ${issuer}`,
    '',
    `export TASKRUNNER_SERVER=${server}`,
    `export TASKRUNNER_TOKEN=$(${name} dev --keep-data ${keep} token ada)`,
    `${name} run PACK --inputs FILE`,
    `TASKRUNNER_TOKEN=$(${name} dev --keep-data ${keep} token grace) ${name} approve RUN GATE --reason "…"`,
    `${name} evidence RUN && ${name} verify RUN.evidence.tar --trust ${quoted(trustPath)} --allow-dev`,
    '',
    'Press Ctrl-C to stop all processes.',
  ];
}
