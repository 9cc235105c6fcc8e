import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { pack, type Pack } from 'tar-stream';
import { sha256 } from '@taskrunner/core/canonical';
import { isCodedError } from '@taskrunner/core/foundation';
import { readTar, readTarFiles, type TarLimits } from './read-tar';
import { isTarOf, writeTar } from './write-tar';
import { searchedCases } from '@taskrunner/core/testing';

type Entry = Parameters<Pack['entry']>[0] & { readonly content?: string };
const LIMITS: TarLimits = { maxBytes: 4 * 1024 * 1024, maxFiles: 100, maxFileBytes: 1024 * 1024 };
const bytesOf = (text: string) => new TextEncoder().encode(text);

async function* pieces(bytes: Uint8Array, size = 700): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function archived(files: readonly { path: string; bytes: Uint8Array }[]): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of writeTar(files)) parts.push(part);
  return Buffer.concat(parts);
}

/** An archive of another writer, with forms that ours never writes. */
async function foreign(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const { content = '', ...header } of entries) tar.entry(header, content);
  tar.finalize();
  const parts: Buffer[] = [];
  for await (const part of tar as unknown as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}

async function codeOf(tar: Uint8Array, limits: Partial<TarLimits> = {}): Promise<string> {
  try {
    await readTar(pieces(tar), { ...LIMITS, ...limits });
    return 'read';
  } catch (error) {
    if (isCodedError(error)) return error.code;
    throw error;
  }
}

describe('writeTar and readTar', () => {
  it('keep every path and byte, and depend on nothing else', async () => {
    const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter((text) => {
      return !/[\0/\\]/.test(text) && text !== '.' && text !== '..' && text.isWellFormed() && text.length <= 255;
    });
    const path = fc.array(part, { minLength: 1, maxLength: 8 }).map((parts) => parts.join('/'));
    const file = fc.record({ path, bytes: fc.uint8Array({ maxLength: 2_000 }) });
    const selector = ({ path: one }: { path: string }) => one.normalize('NFC').toLowerCase();
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(file, { maxLength: 6, selector }), async (files) => {
        const tar = await archived(files);
        expect(await archived(files)).toEqual(tar);
        expect(isTarOf(tar, files)).toBe(true);
        const read = await readTar(pieces(tar), LIMITS);
        expect([...read].map(([name, bytes]) => [name, sha256(bytes)])).toEqual(
          files.map(({ path: name, bytes }) => [name, sha256(bytes)]),
        );
      }),
      searchedCases(30, 1_000),
    );
  });

  it('tell an archive from each that differs in one byte, is shorter or is longer', async () => {
    const files = [
      { path: 'a.txt', bytes: bytesOf('hello\n') },
      { path: 'ü/é.json', bytes: bytesOf('{}') },
    ];
    const tar = await archived(files);
    const changed = (at: number): Buffer => {
      const other = Buffer.from(tar);
      other[at] = (other[at] ?? 0) ^ 1;
      return other;
    };
    const taken = [...tar.keys()].filter((at) => isTarOf(changed(at), files));
    expect(taken).toEqual([]);
    expect(isTarOf(tar.subarray(0, -512), files)).toBe(false);
    expect(isTarOf(Buffer.concat([tar, Buffer.alloc(512)]), files)).toBe(false);
    expect(isTarOf(tar, files.slice(1))).toBe(false);
    expect(isTarOf(tar, [{ ...files[0], executable: true } as never, ...files.slice(1)])).toBe(false);
  });

  it('leave the bytes that they read as they are', async () => {
    const tar = await archived([{ path: 'a', bytes: bytesOf('x') }]);
    const before = sha256(tar);
    await readTar(pieces(tar, tar.length), LIMITS);
    expect(sha256(tar)).toBe(before);
  });

  it('write one known archive, byte by byte', async () => {
    const files = [
      { path: 'a.txt', bytes: bytesOf('hello\n') },
      { path: `${'d'.repeat(120)}/${'f'.repeat(90)}`, bytes: bytesOf('') },
      { path: 'ü/é.json', bytes: bytesOf('{}') },
    ];
    const tar = await archived(files);
    expect(tar.length % 512).toBe(0);
    expect(sha256(tar)).toBe('sha256:712d6a858b3438e6502741c63e6e750742e874c0532f325a285d28a75f9bb0da');
  });

  it('write many small files in few pieces', async () => {
    const files = Array.from({ length: 500 }, (_, i) => ({ path: `f${i}`, bytes: bytesOf('x') }));
    const parts: Uint8Array[] = [];
    for await (const part of writeTar([...files, { path: 'g', bytes: new Uint8Array(100_000) }])) parts.push(part);
    const sizes = parts.map(({ length }) => length);
    expect(sizes.length).toBeLessThanOrEqual(12);
    expect(Math.max(...sizes)).toBe(100_000);
    expect(sizes.every((size) => size > 0)).toBe(true);
  });

  it('write the same of a file that comes in pieces, which are asked for when its turn has come', async () => {
    const big = Uint8Array.from({ length: 5_000 }, (_, i) => i % 251);
    const before = { path: 'a', bytes: bytesOf('x') };
    const whole = await archived([before, { path: 'b', bytes: big }, { path: 'c', bytes: bytesOf('y') }]);
    const seen: string[] = [];
    const offsets = new Map<string, number>();
    const source = async function* () {
      seen.push(...offsets.keys());
      yield* pieces(big);
    };
    const files = [before, { path: 'b', size: big.length, pieces: source }, { path: 'c', bytes: bytesOf('y') }];
    const parts: Uint8Array[] = [];
    for await (const part of writeTar(files, (path, offset) => void offsets.set(path, offset))) parts.push(part);
    expect(Buffer.concat(parts)).toEqual(whole);
    expect(seen).toEqual(['a', 'b']);
    // Its pieces are passed on one by one, what precedes and follows them is joined.
    const supplied: Uint8Array[] = [];
    for await (const piece of pieces(big)) supplied.push(piece);
    expect(parts.slice(1, -1).map((part) => Buffer.from(part))).toEqual(supplied.map((piece) => Buffer.from(piece)));
    expect(whole.subarray(offsets.get('b'), (offsets.get('b') ?? 0) + big.length)).toEqual(Buffer.from(big));
  });

  it.each([4_999, 5_001])(
    'write no archive of a file that gives other than the %s bytes it was said to have',
    async (size) => {
      const files = [{ path: 'b', size, pieces: () => pieces(new Uint8Array(5_000)) }];
      const all = async () => {
        for await (const part of writeTar(files)) expect(part).toBeInstanceOf(Uint8Array);
      };
      await expect(all()).rejects.toThrow(`a file of ${size} bytes gave`);
    },
  );

  it('write what GNU tar reads, with the same names and contents', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'archive-'));
    try {
      const long = `${'d'.repeat(120)}/${'f'.repeat(150)}`;
      writeFileSync(
        join(folder, 'a.tar'),
        await archived([
          { path: 'x/y.bin', bytes: Uint8Array.from([0, 1, 255]) },
          { path: long, bytes: bytesOf('long') },
        ]),
      );
      execFileSync('tar', ['-xf', 'a.tar'], { cwd: folder });
      expect([...readFileSync(join(folder, 'x/y.bin'))]).toEqual([0, 1, 255]);
      expect(readFileSync(join(folder, long), 'utf8')).toBe('long');
      const listed = execFileSync('tar', ['--numeric-owner', '--utc', '-tvf', 'a.tar'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(listed.split('\n')[0]).toMatch(/^-rw-r--r-- 0\/0 +3 1970-01-01 00:00 x\/y\.bin$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each(['gnu', 'pax', 'ustar'])('read what GNU tar writes in format %s, plain or gzip', async (format) => {
    const folder = mkdtempSync(join(tmpdir(), 'archive-'));
    try {
      const deep = join('p', 'q'.repeat(80), 'r'.repeat(60));
      mkdirSync(join(folder, deep), { recursive: true });
      writeFileSync(join(folder, deep, 'file'), 'deep');
      writeFileSync(join(folder, 'p', 'run.sh'), '#!/bin/sh\n');
      chmodSync(join(folder, 'p', 'run.sh'), 0o755);
      const tar = execFileSync('tar', [`--format=${format}`, '--sort=name', '-c', './p'], { cwd: folder });
      for (const archive of [tar, gzipSync(tar)]) {
        const files = await readTarFiles(pieces(archive), LIMITS);
        expect(files.map(({ path, executable }) => [path, executable])).toEqual([
          [join(deep, 'file'), false],
          ['p/run.sh', true],
        ]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each<[string, Entry[]]>([
    ['a symbolic link', [{ name: 'a', type: 'symlink', linkname: '/etc/passwd' }]],
    [
      'a hard link',
      [
        { name: 'a', content: 'x' },
        { name: 'b', type: 'link', linkname: 'a' },
      ],
    ],
    ['a device', [{ name: 'a', type: 'character-device', devmajor: 1, devminor: 3 }]],
    ['a FIFO', [{ name: 'a', type: 'fifo' }]],
    ['an absolute name', [{ name: '/etc/passwd', content: 'x' }]],
    ['a name that leads up', [{ name: 'a/../../b', content: 'x' }]],
    ['an empty part', [{ name: 'a//b', content: 'x' }]],
    ['a backslash', [{ name: 'a\\b', content: 'x' }]],
    ['a folder that leads up', [{ name: '../a', type: 'directory' }]],
    [
      'the same name twice',
      [
        { name: 'a', content: 'x' },
        { name: './a', content: 'y' },
      ],
    ],
    [
      'names that differ in case alone',
      [
        { name: 'a', content: 'x' },
        { name: 'A', content: 'y' },
      ],
    ],
    ['NUL in a pax name', [{ name: 'a', content: 'x', pax: { path: 'a\0b' } }]],
    ['a sparse file', [{ name: 'a', content: 'x', pax: { 'GNU.sparse.major': '1' } }]],
  ])('refuse %s', async (_what, entries) => {
    expect(await codeOf(await foreign(entries))).toBe('ARCHIVE_UNSAFE');
  });

  it('refuse what is no tar, is damaged, is cut off or goes on', async () => {
    const tar = await archived([{ path: 'a', bytes: bytesOf('x'.repeat(600)) }]);
    expect(await codeOf(bytesOf('no tar'))).toBe('ARCHIVE_INVALID');
    expect(await codeOf(bytesOf('no tar'.repeat(200)))).toBe('ARCHIVE_INVALID');
    for (const length of [0, 300, 512, 1_000, 1_536])
      expect(await codeOf(tar.subarray(0, length))).toBe('ARCHIVE_INVALID');
    expect(await codeOf(Buffer.concat([tar, tar]))).toBe('ARCHIVE_INVALID');
    const damaged = Buffer.from(tar);
    damaged[0] = 0x62;
    expect(await codeOf(damaged)).toBe('ARCHIVE_INVALID');
    const gzip = gzipSync(tar);
    expect(await codeOf(gzip.subarray(0, gzip.length - 12))).toBe('ARCHIVE_INVALID');
  });

  it('refuse what is over a limit, before they hold more', async () => {
    const tar = await archived([
      { path: 'a', bytes: bytesOf('x'.repeat(600)) },
      { path: 'b', bytes: bytesOf('y') },
    ]);
    expect(await codeOf(tar, { maxBytes: tar.length })).toBe('read');
    expect(await codeOf(tar, { maxBytes: tar.length - 1 })).toBe('ARCHIVE_TOO_LARGE');
    expect(await codeOf(tar, { maxFiles: 1 })).toBe('ARCHIVE_TOO_LARGE');
    expect(await codeOf(tar, { maxFileBytes: 599 })).toBe('ARCHIVE_TOO_LARGE');
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(100_000);
    expect(await codeOf(bomb)).toBe('ARCHIVE_TOO_LARGE');
  });

  it('never throw anything but a refusal, whatever bytes come', async () => {
    const tar = await archived([
      { path: 'a', bytes: bytesOf('hello') },
      { path: 'é', bytes: bytesOf('x') },
    ]);
    await fc.assert(
      fc.asyncProperty(fc.nat(tar.length - 1), fc.nat(255), async (at, byte) => {
        const changed = Buffer.from(tar);
        changed[at] = byte;
        expect(await codeOf(changed)).toMatch(/^(read|ARCHIVE_)/);
      }),
      searchedCases(100, 5_000),
    );
  });
});
