import { chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  Executor,
  type ExecutionReport,
  type ExecutionRequest,
  type Outcome,
  type StepOwner,
  type StepWorkspace,
} from '@taskrunner/core/ports';
import { refusal } from '../step/executor-error';
import type { PackContent } from '../step/pack-content';
import type { Invocation } from './invocation';
import type { StepsByIsolation } from './steps-by-isolation';
import { contentOf, okExitCodesOf, textsOf } from '../step/with-values';

/** Path of a script from `source`, in the temporary folder. */
const SOURCE_FILE = 'tmp/script';

/** Dependencies of the script executor. */
interface ScriptExecutorOptions {
  readonly steps: StepsByIsolation;
  readonly pack: PackContent;
  /** Names of interpreters that may be started. */
  readonly interpreters: readonly string[];
}

/** `builtin:script`: an interpreter with a script of the pack, or with `source`, which is written to a file unchanged. */
export class ScriptExecutor extends Executor {
  constructor(private readonly options: ScriptExecutorOptions) {
    super();
  }

  execute(request: ExecutionRequest, report: ExecutionReport): Promise<Outcome> {
    return this.options.steps.perform(request, report, () => this.invocationOf(request));
  }

  private invocationOf({ run, with: parameters }: ExecutionRequest): Invocation {
    const [argv0, ...flags] = textsOf(parameters, 'interpreter');
    if (argv0 === undefined || !this.options.interpreters.includes(argv0))
      throw refusal('INTERPRETER_NOT_ALLOWED', `${JSON.stringify(argv0 ?? '')} is not an allowed interpreter`);
    const { path = null, source = null, stdin = null } = parameters;
    if ((path === null) === (source === null) || typeof (path ?? source) !== 'string')
      throw refusal('WITH_INVALID', 'a script must have exactly one of with.path and with.source');
    const file = typeof path === 'string' ? `pack/${this.options.pack.entry(run, path).path}` : SOURCE_FILE;
    return {
      argv0,
      args: [...flags, file, ...textsOf(parameters, 'args')],
      okExitCodes: okExitCodesOf(parameters),
      ...(stdin === null ? {} : { stdin: contentOf(stdin) }),
      ...(typeof source === 'string' ? { prepare: (workspace, owner) => writeSource(workspace, source, owner) } : {}),
    };
  }
}

async function writeSource(workspace: StepWorkspace, source: string, owner: StepOwner | null): Promise<void> {
  const path = join(workspace.path, SOURCE_FILE);
  await writeFile(path, source, { mode: 0o500, flag: 'wx' });
  if (owner !== null) await chown(path, owner.uid, owner.gid);
}
