import { join } from 'node:path';
import { callForeign, callSystem, type Verdict } from './system-call';

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

interface Attempt {
  readonly what: string;
  readonly x64: number;
  readonly arm64: number;
  readonly args: readonly number[];
}

const socket = (what: string, family: number, type: number, protocol: number): Attempt => ({
  what,
  x64: 41,
  arm64: 198,
  args: [family, type, protocol],
});

/** Separate from the filter's numbers, so that the probe detects an error there. */
const ATTEMPTS: readonly Attempt[] = [
  socket('vsock', 40, 1, 0),
  socket('packet sockets', 17, 3, 0),
  socket('raw sockets', 2, 3, 1),
  socket('raw IPv6 sockets', 10, 3, 58),
  socket('netfilter sockets', 16, 3, 12),
  socket('Bluetooth sockets', 31, 3, 1),
  socket('key sockets', 15, 3, 2),
  { what: 'io_uring', x64: 425, arm64: 425, args: [1, 0] },
  { what: 'ptrace', x64: 101, arm64: 117, args: [0, 0, 0, 0] },
  { what: 'process_vm_readv', x64: 310, arm64: 270, args: [1, 0, 0, 0] },
  { what: 'bpf', x64: 321, arm64: 280, args: [0, 0, 0] },
  { what: 'perf', x64: 298, arm64: 241, args: [0, 0, -1, -1] },
  { what: 'userfaultfd', x64: 323, arm64: 282, args: [0] },
  { what: 'keyrings', x64: 250, arm64: 219, args: [0, -3, 1] },
  { what: 'mount', x64: 165, arm64: 40, args: [0, 0, 0, 0] },
  { what: 'fsopen', x64: 430, arm64: 430, args: [0, 0] },
  { what: 'setns', x64: 308, arm64: 268, args: [-1, 0] },
  { what: 'unshare', x64: 272, arm64: 97, args: [0x10000000] },
  { what: 'clone with namespaces', x64: 56, arm64: 220, args: [0x10000011] },
  { what: 'clone3', x64: 435, arm64: 435, args: [0, 0] },
  { what: 'terminal input (TIOCSTI)', x64: 16, arm64: 29, args: [0, 0x5412, 0] },
];

/** Makes each call. `at`: a path for the programs. A call that succeeds, or fails after the filter, is a finding. */
export function trySystemCalls(folder: string, tried: string[], findings: string[]): void {
  const at = join(folder, 'call');
  for (const { what, x64, arm64, args } of ATTEMPTS) {
    tried.push(what);
    judge(what, callSystem(at, process.arch === 'arm64' ? arm64 : x64, args), findings);
  }
  if (process.arch !== 'x64') return;
  tried.push('32-bit system calls');
  // getpid is harmless. It fails only because it belongs to the other architecture.
  const foreign = callForeign(at, 20);
  if (foreign !== 'killed') findings.push(`makes 32-bit system calls (${foreign})`);
}

function judge(what: string, verdict: Verdict, findings: string[]): void {
  if (verdict === 'not started') findings.push(`could not try ${what}`);
  else if (verdict !== 'killed' && ![EPERM, ENOSYS, EAFNOSUPPORT].includes(verdict))
    findings.push(`has ${what} (${verdict === 0 ? 'it works' : `error ${verdict}`})`);
}
