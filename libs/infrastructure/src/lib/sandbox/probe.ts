import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf, isCodedError, type Digest } from '@taskrunner/core';
import { BwrapSandbox } from './bwrap-sandbox';
import { PlainSandbox } from './plain-sandbox';
import type { IsolationProfile, Sandbox } from './sandbox';
import type { Supervisor } from './supervisor';

const PROBE_MS = 15_000;

/** What this worker can do, proven by trying: for its row and for the evidence. */
export interface SandboxProbe {
  readonly profile: IsolationProfile;
  readonly available: boolean;
  /** Why not; null if available. */
  readonly reason: string | null;
  /** Of the profile's description on this machine and of what the probe found. */
  readonly digest: Digest;
  /** Null if not available. */
  readonly sandbox: Sandbox | null;
}

/** What a probe needs. */
export interface ProbeOptions {
  readonly profile: IsolationProfile;
  readonly supervisor: Supervisor;
  /** Where the stub files of `/etc` are kept while this worker lives. */
  readonly stubFolder: string;
  readonly roots?: readonly string[];
  readonly tmpBytes?: number;
  /** Paths that no step may see: key files, the configuration, the database's folder and socket, the object store. */
  readonly hidden?: readonly string[];
}

/** Opens the configured profile and tries it. Never falls back to a weaker one. */
export async function probeSandbox(options: ProbeOptions): Promise<SandboxProbe> {
  const { profile } = options;
  let sandbox: Sandbox;
  try {
    sandbox = profile === 'none/v1' ? new PlainSandbox(options.roots) : BwrapSandbox.open(options);
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return {
      profile,
      available: false,
      reason: error.message,
      digest: digestOf({ profile, reason: error.message }),
      sandbox: null,
    };
  }
  const reason = profile === 'none/v1' ? null : await attack(sandbox, options);
  const digest = digestOf({ sandbox: sandbox.describe(), reason });
  return { profile, available: reason === null, reason, digest, sandbox: reason === null ? sandbox : null };
}

async function attack(sandbox: Sandbox, { supervisor, hidden = [], roots = [] }: ProbeOptions): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'taskrunner-probe-'));
  const listener = createServer((socket) => socket.destroy());
  try {
    const canary = join(folder, 'key.pem');
    await writeFile(canary, 'canary', { mode: 0o600 });
    await new Promise<void>((resolve, reject) => listener.once('error', reject).listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as AddressInfo;
    const request = {
      hidden: ['/etc/shadow', '/root', '/home', '/run', '/var', '/sys', canary, ...hidden],
      shown: [...roots],
      reachable: [
        { host: '127.0.0.1', port },
        { host: '169.254.169.254', port: 80 },
      ],
      uid: 65_534,
    };
    let printed = '';
    let said = '';
    const child = await supervisor.run(sandbox.inspect('probe-process', null, request), {
      onOutput: async (stream, chunk) => {
        const text = new TextDecoder().decode(chunk);
        if (stream === 'stdout') printed += text;
        else said = (said + text).slice(0, 2_000);
      },
    });
    const timer = setTimeout(() => void child.stop(0).catch(() => undefined), PROBE_MS);
    const end = await child.exit.catch((error: unknown) => error).finally(() => clearTimeout(timer));
    if (printed === '') return `the probe did not run: ${said.trim() || describe(end)}`;
    const findings = JSON.parse(printed) as string[];
    return findings.length === 0 ? null : `a step ${findings.join(', ')}`;
  } finally {
    listener.close();
    await rm(folder, { recursive: true });
  }
}

function describe(end: unknown): string {
  return isCodedError(end) ? end.message : JSON.stringify(end);
}
