import { rename } from 'node:fs/promises';
import { sha256 } from '@taskrunner/core/canonical';
import { NO_REDACTOR } from '@taskrunner/core/secret';
import { STEADY_STORAGE } from '@taskrunner/core/testing';
import type { RunId, StepId, TenantId } from '@taskrunner/core/foundation';
import type { RunNode } from '@taskrunner/core/plan';
import type { ClaimedRun, ExecutionReport, ExecutionRequest, StepStorage } from '@taskrunner/core/ports';
import type { Fact } from '@taskrunner/core/run';
import type { BuiltinOptions } from '../builtin-executors';

export const tenant = 'acme' as TenantId;

/** A claimed run whose pack has these files. */
export function aRun(files: ClaimedRun['files'] = [], sandbox: object = {}, overrides: object = {}): ClaimedRun {
  const asked = { memoryMiB: null, cpuMillicores: null, workspaceMiB: null, maxProcesses: null, ...sandbox };
  const defaults = {
    memoryMiB: 4_096,
    maxProcesses: 512,
    workspaceMiB: 64,
    stopGraceMs: 300,
    attemptTimeoutMs: 60_000,
    ...overrides,
  };
  return {
    tenant,
    runId: 'run_01jd0000000000000000000000' as RunId,
    plan: JSON.stringify({ sandbox: asked }),
    profile: JSON.stringify({ defaults }),
    environment: JSON.stringify({ mode: 'sealed', isolation: 'bwrap-sealed/v1' }),
    planHash: sha256('plan'),
    files,
  } as unknown as ClaimedRun;
}

/** For executors that read no bundle. */
export const NO_BUNDLES: BuiltinOptions['bundles'] = {
  roots: new Map(),
  entries: () => {
    throw new TypeError('no bundle is read here');
  },
};

/** A request for one execution. */
export function aRequest(
  parameters: ExecutionRequest['with'],
  overrides: Partial<ExecutionRequest> = {},
  node: Partial<RunNode> = {},
): ExecutionRequest {
  return {
    run: aRun(),
    step: 'rollout[3]::apply' as StepId,
    attempt: 2,
    execution: 3,
    key: 'key-1',
    with: parameters,
    env: {},
    files: {},
    secrets: new Map(),
    redactor: NO_REDACTOR,
    signal: new AbortController().signal,
    storage: STEADY_STORAGE,
    ...overrides,
    node: {
      artifacts: [],
      outputs: null,
      tools: {},
      secrets: [],
      retries: { attemptTimeoutMs: null },
      egress: [],
      effects: 'idempotent',
      ...node,
    } as unknown as RunNode,
  };
}

/** Collects the reports of an executor. */
export class Report implements ExecutionReport {
  readonly facts: Fact[] = [];
  readonly lines: string[] = [];
  stdout = '';
  stderr = '';

  async line(level: string, text: string): Promise<void> {
    this.lines.push(`${level} ${text}`);
  }
  async output(stream: 'stdout' | 'stderr', bytes: Uint8Array): Promise<void> {
    this[stream] += Buffer.from(bytes).toString('utf8');
  }
  fact(fact: Fact): void {
    this.facts.push(fact);
  }
  of<Type extends Fact['type']>(type: Type): Extract<Fact, { type: Type }>[] {
    return this.facts.filter((fact): fact is Extract<Fact, { type: Type }> => fact.type === type);
  }
}

export const packFile = (path: string, content: string, executable = false) => ({
  path,
  digest: sha256(content),
  size: Buffer.byteLength(content),
  executable,
});

/**
 * Storage of an execution during which the folder of objects is unavailable at the first try of each task. `failures`: the codes of those
 * tries.
 */
export function awayOnce(root: string): { readonly storage: StepStorage; readonly failures: string[] } {
  const failures: string[] = [];
  const keep = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    await rename(root, `${root}.away`);
    try {
      await work();
    } catch (error) {
      failures.push((error as { code: string }).code);
    } finally {
      await rename(`${root}.away`, root);
    }
    return work();
  };
  return { storage: { read: (open) => open(), keep }, failures };
}

/** For executors that store no body. */
export const NO_SPOOL: BuiltinOptions['spool'] = () => {
  throw new TypeError('no body is saved here');
};

/** For executors that use no destination and read no other run. */
export const NO_EXPORTS: BuiltinOptions['exports'] = {
  runReader: {
    records: () => {
      throw new TypeError('no run is read here');
    },
  } as unknown as BuiltinOptions['exports']['runReader'],
  destinations: new Map(),
};
