// Runs inside a fresh sandbox and attempts actions that no step may perform. Prints the attempts and those that succeeded.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tryNetwork } from './network';
import type { ProbeAnswer, ProbeRequest } from './protocol';
import { trySystemCalls } from './system-calls';

const tried: string[] = [];
const findings: string[] = [];

async function probe(request: ProbeRequest): Promise<ProbeAnswer> {
  tryFiles(request);
  tryPrivileges(request.uid);
  trySystemCalls('/tmp', tried, findings);
  await tryNetwork(request, tried, findings);
  return { tried, findings };
}

function tryFiles({ hidden, shown }: ProbeRequest): void {
  tried.push(`${hidden.length} hidden paths`);
  for (const path of hidden) if (sees(path, shown)) findings.push(`sees ${path}`);
  tried.push('writing to the root');
  for (const path of ['/usr/probe', '/etc/probe', '/probe', '/proc/sys/kernel/core_pattern'])
    if (writes(path)) findings.push(`writes ${path}`);
  tried.push('processes of others');
  const others = readdirSync('/proc').filter(
    (name) => /^[0-9]+$/.test(name) && !['1', '2', String(process.pid)].includes(name),
  );
  if (others.length > 0) findings.push('sees processes of others');
}

function tryPrivileges(uid: number): void {
  tried.push('user', 'capabilities', 'privileges', 'seccomp', 'core dumps', 'user namespaces');
  if (process.getuid?.() !== uid) findings.push(`is user ${process.getuid?.()}`);
  const status = readFileSync('/proc/self/status', 'latin1');
  if (!/^CapEff:\t0+$/m.test(status) || !/^CapBnd:\t0+$/m.test(status)) findings.push('has capabilities');
  if (!/^NoNewPrivs:\t1$/m.test(status)) findings.push('may gain privileges');
  if (!/^Seccomp:\t2$/m.test(status)) findings.push('has no seccomp filter');
  const limits = readFileSync('/proc/self/limits', 'latin1');
  if (!/^Max core file size +0 +0 /m.test(limits)) findings.push('may dump core');
  if (spawnSync('/usr/bin/unshare', ['--user', 'true']).status === 0) findings.push('makes user namespaces');
}

function sees(path: string, shown: readonly string[]): boolean {
  if (!existsSync(path)) return false;
  if (!shown.some((root) => root.startsWith(`${path}/`))) return true;
  return readdirSync(path).some((name) => !shown.includes(`${path}/${name}`) && sees(`${path}/${name}`, shown));
}

function writes(path: string): boolean {
  try {
    writeFileSync(path, readOr(path));
    return true;
  } catch {
    return false;
  }
}

/** The content is written back if a write unexpectedly succeeds. */
function readOr(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

void probe(JSON.parse(readFileSync(0, 'utf8')) as ProbeRequest).then((answer) =>
  process.stdout.write(JSON.stringify(answer)),
);
