// Node offers no arbitrary system calls. The probe therefore writes programs that make exactly one call and exit with its error number: ELF
// files of one page, without library or compiler (elf(5), syscall(2)).
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';

/** Maximum time of a program, milliseconds. It makes one call. The probe as a whole has a limit too. */
const PATIENCE_MS = 15_000;
const BASE = 0x400000;
const HEADERS = 64 + 56;

/** Result of a call: its error number, 0 for success, or `killed`. */
export type Verdict = number | 'killed' | 'not started';

/** Makes one system call in a separate process. `at`: path of the program to write. */
export function callSystem(at: string, number: number, args: readonly number[]): Verdict {
  return runProgram(at, process.arch === 'arm64' ? arm64(number, args) : x64(number, args));
}

/** Makes a call through the 32-bit entry of x86-64, which has other numbers. */
export function callForeign(at: string, number: number): Verdict {
  return runProgram(at, [0xb8, ...word(number), 0x31, 0xdb, 0xcd, 0x80, ...exitWithError]);
}

function runProgram(at: string, code: readonly number[]): Verdict {
  writeFileSync(at, elf(Buffer.from(code)));
  chmodSync(at, 0o700);
  const ended = spawnSync(at, [], { stdio: 'ignore', timeout: PATIENCE_MS });
  rmSync(at);
  return verdictOf(ended);
}

/** A program that was stopped after its time is no proof: the kernel refused nothing. A loaded machine may take seconds to start one. */
export function verdictOf({
  status,
  signal,
  error,
}: Pick<SpawnSyncReturns<Buffer>, 'status' | 'signal' | 'error'>): Verdict {
  if (error !== undefined) return 'not started';
  return signal === null ? (status ?? 'not started') : 'killed';
}

const word = (value: number): readonly number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);

/** `if (eax >= 0) edi = 0, else edi = -eax; exit_group(edi)`. */
const exitWithError = [
  ...[0x31, 0xff, 0x85, 0xc0, 0x79, 0x04, 0xf7, 0xd8, 0x89, 0xc7],
  ...[0xb8, ...word(231), 0x0f, 0x05],
];

/** Arguments in rdi, rsi, rdx, r10, sign-extended from 32 bits. */
function x64(number: number, args: readonly number[]): readonly number[] {
  const registers = [
    [0x48, 0xc7, 0xc7],
    [0x48, 0xc7, 0xc6],
    [0x48, 0xc7, 0xc2],
    [0x49, 0xc7, 0xc2],
  ];
  const moves = registers.flatMap((move, index) => [...move, ...word(args[index] ?? 0)]);
  return [...moves, 0xb8, ...word(number), 0x0f, 0x05, ...exitWithError];
}

/** Arguments in x0 to x3, the number in x8. */
function arm64(number: number, args: readonly number[]): readonly number[] {
  const load = (register: number, value: number): readonly number[] => [
    0xd2800000 | ((value & 0xffff) << 5) | register,
    0xf2a00000 | (((value >>> 16) & 0xffff) << 5) | register,
    // sxtw keeps negative numbers.
    0x93407c00 | (register << 5) | register,
  ];
  const SVC = 0xd4000001;
  return [
    ...[0, 1, 2, 3].flatMap((register) => load(register, args[register] ?? 0)),
    ...load(8, number),
    SVC,
    // cmp x0, #0; csneg x0, xzr, x0, ge; exit_group.
    0xf100001f,
    0xda80a7e0,
    ...load(8, 94),
    SVC,
  ].flatMap(word);
}

/** A static program with one readable and executable segment. */
function elf(code: Buffer): Buffer {
  const file = Buffer.alloc(HEADERS + code.length);
  file.write('\x7fELF', 0, 'latin1');
  file.set([2, 1, 1], 4);
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(process.arch === 'arm64' ? 183 : 62, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(BASE + HEADERS), 24);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64);
  file.writeUInt32LE(5, 68);
  file.writeBigUInt64LE(BigInt(BASE), 80);
  file.writeBigUInt64LE(BigInt(BASE), 88);
  file.writeBigUInt64LE(BigInt(file.length), 96);
  file.writeBigUInt64LE(BigInt(file.length), 104);
  file.writeBigUInt64LE(0x1000n, 112);
  file.set(code, HEADERS);
  return file;
}
