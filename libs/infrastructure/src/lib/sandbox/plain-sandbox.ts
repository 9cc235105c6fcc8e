import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '@taskrunner/core/foundation';
import type { StepLimits, StepTask, StepTool, StepWorkspace } from '@taskrunner/core/ports';
import type { Launch } from './launch/launch';
import { OUTPUTS_FILE } from './workspace/outputs-file';
import { DEFAULT_LIMITS, prlimitArgs, Sandbox, watchOf, type InspectingScript } from './sandbox';
import { scriptFolder } from './script-folder';
import { resolveTool } from './tool';
import { View } from './view';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const PRLIMIT = '/usr/bin/prlimit';

/** Profile `none/v1`: a supervised child whose working directory is the workspace, for machines without bubblewrap. */
export class PlainSandbox extends Sandbox {
  readonly profile = 'none/v1';
  readonly owner = null;
  private readonly path: string;
  private readonly prlimit = isThere(PRLIMIT);

  /** `roots`: the `bin` of each is appended to `PATH`. */
  constructor(private readonly roots: readonly string[] = []) {
    super();
    this.path = [PATH, ...roots.map((root) => join(root, 'bin'))].join(':');
  }

  describe(): JsonObject {
    return { profile: this.profile, path: this.path, roots: [...this.roots], prlimit: this.prlimit };
  }

  environment(workspace: StepWorkspace): { readonly [name: string]: string } {
    return {
      PATH: this.path,
      HOME: join(workspace.path, 'home'),
      TMPDIR: join(workspace.path, 'tmp'),
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      TASKRUNNER_OUTPUTS: join(workspace.path, OUTPUTS_FILE),
    };
  }

  resolveTool(workspace: StepWorkspace, argv0: string): Promise<StepTool> {
    const view = new View([{ kind: 'shown', target: '/', source: '/' }], '/task');
    return resolveTool(view, this.path, workspace.path, argv0);
  }

  launch(task: StepTask): Launch {
    const { workspace, tool, args, stdin, limits = DEFAULT_LIMITS, secretFolder, place } = task;
    const env = secretFolder === undefined ? task.env : { ...task.env, TASKRUNNER_SECRETS: secretFolder };
    return {
      argv: [...this.limited(limits), tool.command, ...args],
      env,
      cwd: workspace.path,
      place,
      watch: watchOf(workspace, limits, []),
      ...(stdin === undefined ? {} : { stdin }),
    };
  }

  inspect(
    script: InspectingScript,
    workspace: StepWorkspace | null,
    request: JsonObject,
    folder: string | null = null,
  ): Launch {
    const supplied = folder === null ? [] : [folder];
    return {
      argv: [process.execPath, join(scriptFolder(script), 'main.js'), workspace?.path ?? '/', ...supplied],
      env: {},
      cwd: '/',
      stdin: JSON.stringify(request),
    };
  }

  private limited(limits: StepLimits): string[] {
    return this.prlimit ? [PRLIMIT, ...prlimitArgs({ ...limits, processes: null }), '--'] : [];
  }
}

function isThere(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
