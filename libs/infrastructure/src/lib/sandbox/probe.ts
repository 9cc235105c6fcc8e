import { digestOf } from '@taskrunner/core/canonical';
import { isCodedError, type Digest, type JsonObject } from '@taskrunner/core/foundation';
import type { StepExit } from '@taskrunner/core/ports';
import { BwrapSandbox, type TmpfsSizes } from './bwrap-sandbox';
import { PlainSandbox } from './plain-sandbox';
import type { Outside, ProbeAnswer, ProbeRequest } from './probe-process/protocol';
import { openProbeTargets } from './probe-targets';
import type { IsolationProfile, Sandbox } from './sandbox';
import type { Supervisor } from './supervisor';

const PROBE_MS = 30_000;
const NOBODY = 65_534;
/** Metadata services of clouds (RFC 3927 link-local). */
const METADATA: Outside = { what: 'the metadata address', host: '169.254.169.254', port: 80 };
const SYSTEM = ['/etc/shadow', '/root', '/home', '/run', '/var', '/sys'];

/** Isolation of this worker as its probe has shown it. It is written to the worker's row and the evidence. */
export interface SandboxProbe {
  readonly profile: IsolationProfile;
  readonly available: boolean;
  /** Reason why the profile is unavailable; null if it is available. */
  readonly reason: string | null;
  /** Description, attempts and findings, for the evidence. The same machine yields the same document. */
  readonly document: JsonObject;
  /** Digest of the document. */
  readonly digest: Digest;
  /** Null if the profile is unavailable. */
  readonly sandbox: Sandbox | null;
}

/** Options of a probe. */
export interface ProbeOptions extends Partial<TmpfsSizes> {
  readonly profile: IsolationProfile;
  readonly supervisor: Supervisor;
  /** Folder of the stub files of `/etc` while this worker lives. */
  readonly stubFolder: string;
  readonly roots?: readonly string[];
  /** Path of bubblewrap. By default it is searched for in the usual folders. */
  readonly bubblewrap?: string | null;
  /** Paths that no step may see: key files, the configuration, the folder and socket of the database, the object store. */
  readonly hidden?: readonly string[];
  /** TCP targets that no step may reach in addition to the metadata address, such as the database. */
  readonly unreachable?: readonly Outside[];
}

/** Opens the configured profile and probes it. There is no fallback to a weaker one. */
export async function probeSandbox(options: ProbeOptions): Promise<SandboxProbe> {
  const { profile } = options;
  if (profile === 'none/v1') {
    const sandbox = new PlainSandbox(options.roots);
    return probed(profile, sandbox, { tried: [], findings: [] });
  }
  try {
    const sandbox = BwrapSandbox.open(profile, options);
    return probed(profile, sandbox, await attack(sandbox, options));
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return refused(profile, null, error.message, []);
  }
}

function probed(profile: IsolationProfile, sandbox: Sandbox, { tried, findings }: ProbeAnswer): SandboxProbe {
  if (findings.length > 0) return refused(profile, sandbox, `a step ${findings.join(', ')}`, tried);
  const document = documentOf(profile, sandbox, null, tried);
  return { profile, available: true, reason: null, document, digest: digestOf(document), sandbox };
}

function refused(
  profile: IsolationProfile,
  sandbox: Sandbox | null,
  reason: string,
  tried: readonly string[],
): SandboxProbe {
  const document = documentOf(profile, sandbox, reason, tried);
  return { profile, available: false, reason, document, digest: digestOf(document), sandbox: null };
}

function documentOf(
  profile: IsolationProfile,
  sandbox: Sandbox | null,
  reason: string | null,
  tried: readonly string[],
): JsonObject {
  return { profile, available: reason === null, reason, sandbox: sandbox?.describe() ?? null, tried: [...tried] };
}

/** Runs all attempts inside this sandbox, against listeners and files of this process. */
export async function attack(
  sandbox: Sandbox,
  options: Pick<ProbeOptions, 'supervisor' | 'hidden' | 'roots' | 'unreachable'>,
): Promise<ProbeAnswer> {
  const { supervisor, hidden = [], roots = [], unreachable = [] } = options;
  const targets = await openProbeTargets();
  try {
    const request: ProbeRequest = {
      hidden: [...SYSTEM, ...targets.hidden, ...hidden],
      shown: [...roots],
      uid: NOBODY,
      tcp: targets.tcp,
      udp: targets.udp,
      abstract: targets.abstract,
      beyond: [...unreachable, METADATA],
      nameServers: targets.nameServers,
    };
    let printed = '';
    let said = '';
    const child = await supervisor.run(sandbox.inspect('probe-process', null, request as unknown as JsonObject), {
      onOutput: async (stream, chunk) => {
        const text = new TextDecoder().decode(chunk);
        if (stream === 'stdout') printed += text;
        else said = (said + text).slice(0, 2_000);
      },
    });
    const timer = setTimeout(() => void child.stop(0).catch(() => undefined), PROBE_MS);
    const end = await child.exit.catch((error: unknown) => error).finally(() => clearTimeout(timer));
    const answer = readAnswer(printed);
    if (answer === null)
      return { tried: [], findings: [`could not be probed: ${(said.trim() || describe(end)).slice(0, 500)}`] };
    const arrived = targets.arrived().map((what) => `reaches ${what}`);
    return { tried: answer.tried, findings: [...answer.findings, ...arrived] };
  } finally {
    await targets.close();
  }
}

/** Null if the answer is incomplete: an interrupted probe proves nothing. */
function readAnswer(printed: string): ProbeAnswer | null {
  try {
    return JSON.parse(printed) as ProbeAnswer;
  } catch {
    return null;
  }
}

function describe(end: unknown): string {
  if (isCodedError(end)) return end.message;
  const { code = null, signal = null } = end as Partial<StepExit>;
  return `it ended with ${signal ?? `code ${code}`} and without an answer`;
}
