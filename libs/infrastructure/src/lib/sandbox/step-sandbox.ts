import { isCodedError } from '@taskrunner/core/foundation';
import type { StepOutput, StepSandbox } from '@taskrunner/core/ports';
import { collect } from './collector';
import type { Launch } from './launch/launch';
import type { Sandbox } from './sandbox';
import type { Supervisor } from './supervisor';
import { readOutputs } from './workspace/outputs-file';
import { Workspace } from './workspace/workspace';

/**
 * Adapts a sandbox and the supervisor to the interface of executors. `onStartFailed` is called for each sandbox that could not be set up.
 */
export function stepSandbox(
  sandbox: Sandbox,
  supervisor: Pick<Supervisor, 'run'>,
  entriesOfTar: StepSandbox['entriesOfTar'],
  onStartFailed: () => void = () => undefined,
): StepSandbox {
  const watched = {
    run: async (launch: Launch, output: StepOutput) => {
      const child = await supervisor.run(launch, output);
      child.exit.catch((error: unknown) => {
        if (isCodedError(error) && error.code === 'START_FAILED') onStartFailed();
      });
      return child;
    },
  };
  return {
    owner: sandbox.owner,
    createWorkspace: (options) => Workspace.create(options),
    environment: (workspace) => sandbox.environment(workspace),
    resolveTool: (workspace, argv0) => sandbox.resolveTool(workspace, argv0),
    start: (task, output) => watched.run(sandbox.launch(task), output),
    readOutputs,
    collect: (request, sink) => collect({ ...request, supervisor: watched, sandbox }, sink),
    entriesOfTar,
  };
}
