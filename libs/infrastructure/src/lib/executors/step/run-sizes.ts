import { DEFAULT_MAX_FILES, type Environment } from '@taskrunner/core/plan';
import type { ClaimedRun, StepLimits, AskedResources } from '@taskrunner/core/ports';
import { documentsOf } from './admitted-documents';

const MIB = 1024 * 1024;
const OPEN_FILES = 4_096;

/** Limits of a run's steps: from its plan, otherwise from its admitted profile. */
interface RunSizes {
  readonly limits: StepLimits;
  /** Bytes of a workspace: of everything that a step writes to it, of all its artifacts, of unpacked data, of one file. */
  readonly workspaceBytes: number;
  readonly stopGraceMs: number;
  readonly attemptTimeoutMs: number;
  /** Limits in the plan itself, without defaults. */
  readonly asked: AskedResources;
}

const known = new WeakMap<ClaimedRun, RunSizes>();

/** Parsed once per claimed run: a plan may have megabytes. */
export function sizesOf(run: ClaimedRun): RunSizes {
  let sizes = known.get(run);
  if (sizes === undefined) {
    sizes = readSizes(run);
    known.set(run, sizes);
  }
  return sizes;
}

/** Maximum size of a run's artifact: from its admission or, if its environment does not state it, from this configuration. */
export function artifactBytesOf({ environment }: ClaimedRun, configured: number): number {
  const { limits } = JSON.parse(environment) as Partial<Environment>;
  return limits?.['artifactMaxBytes'] ?? configured;
}

function readSizes(run: ClaimedRun): RunSizes {
  const {
    plan: { sandbox },
    profile: { defaults },
  } = documentsOf(run);
  const workspaceBytes = (sandbox.workspaceMiB ?? defaults.workspaceMiB) * MIB;
  return {
    workspaceBytes,
    stopGraceMs: defaults.stopGraceMs,
    attemptTimeoutMs: defaults.attemptTimeoutMs,
    asked: {
      memoryBytes: sandbox.memoryMiB === null ? null : sandbox.memoryMiB * MIB,
      cpuMillicores: sandbox.cpuMillicores,
      processes: sandbox.maxProcesses,
    },
    limits: {
      openFiles: OPEN_FILES,
      processes: sandbox.maxProcesses ?? defaults.maxProcesses,
      fileBytes: workspaceBytes,
      memoryBytes: (sandbox.memoryMiB ?? defaults.memoryMiB) * MIB,
      cpuSeconds: null,
      workspaceBytes,
      workspaceFiles: defaults.maxFiles ?? DEFAULT_MAX_FILES,
    },
  };
}
