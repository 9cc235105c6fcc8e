import { pack, type Header } from 'tar-stream';
import { tarEntries } from '../../archive/read-tar';
import { filesOfTar } from './tar-folder';

type Entry = [Partial<Header> & { readonly name: string }, string?];

async function tarOf(...entries: Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const [header, content] of entries) tar.entry(header, content ?? '');
  tar.finalize();
  const pieces: Uint8Array[] = [];
  for await (const piece of tar as unknown as AsyncIterable<Uint8Array>) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* inPieces(bytes: Buffer, size = 700): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function unpacked(bytes: Buffer, maxBytes = 10_000): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const { path, content, executable } of filesOfTar(tarEntries, inPieces(bytes), 'd/', maxBytes)) {
    let text = executable ? 'x:' : '';
    for await (const piece of content as AsyncIterable<Uint8Array>) text += Buffer.from(piece).toString();
    files[path] = text;
  }
  return files;
}

/** The same tar with another size of its first file and a valid checksum. */
function withSize(tar: Buffer, size: Buffer): Buffer {
  const altered = Buffer.from(tar);
  size.copy(altered, 124);
  altered.write(' '.repeat(8), 148, 'latin1');
  const sum = altered.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  altered.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return altered;
}

describe('filesOfTar', () => {
  it('gives the files, wherever the pieces end', async () => {
    const tar = await tarOf(
      [{ name: 'a/', type: 'directory' }],
      [{ name: 'a/one', mode: 0o755 }, '1'.repeat(1_000)],
      [{ name: './two' }, '2'],
      [{ name: 'empty' }],
    );
    expect(await unpacked(tar)).toEqual({ 'd/a/one': `x:${'1'.repeat(1_000)}`, 'd/two': '2', 'd/empty': '' });
  });

  it.each<[string, () => Promise<Buffer>, string]>([
    ['a symbolic link', () => tarOf([{ name: 'l', type: 'symlink', linkname: '/etc/passwd' }]), 'FILE_NOT_A_TAR'],
    ['a hard link', () => tarOf([{ name: 'l', type: 'link', linkname: '../x' }]), 'FILE_NOT_A_TAR'],
    ['a device', () => tarOf([{ name: 'l', type: 'character-device' }]), 'FILE_NOT_A_TAR'],
    ['too many bytes', () => tarOf([{ name: 'a' }, 'x'.repeat(10_001)]), 'FILE_TOO_LARGE'],
    [
      'a negative size',
      async () => withSize(await tarOf([{ name: 'a' }, 'x']), Buffer.alloc(12, 0xff)),
      'FILE_TOO_LARGE',
    ],
    ['no tar', async () => Buffer.alloc(2_000, 'x'), 'FILE_NOT_A_TAR'],
    ['nothing', async () => Buffer.alloc(0), 'FILE_NOT_A_TAR'],
    ['half a file', async () => (await tarOf([{ name: 'a' }, 'x'.repeat(5_000)])).subarray(0, 3_000), 'FILE_NOT_A_TAR'],
  ])('refuses %s', async (_, make, code) => expect(unpacked(await make())).rejects.toMatchObject({ code }));

  it.each<[string, () => Promise<Buffer>]>([
    ['a name that leads elsewhere', () => tarOf([{ name: '../x' }, 'x'])],
    ['an absolute name', () => tarOf([{ name: '/etc/x' }, 'x'])],
    ['a name twice', () => tarOf([{ name: 'a' }, '1'], [{ name: 'a' }, '2'])],
    ['names that differ by case', () => tarOf([{ name: 'a' }, '1'], [{ name: 'A' }, '2'])],
    ['names that differ by normal form', () => tarOf([{ name: 'caf\u00e9' }, '1'], [{ name: 'cafe\u0301' }, '2'])],
    ['no end', async () => (await tarOf([{ name: 'a' }, 'x'])).subarray(0, 1_024)],
    ['more behind its end', async () => Buffer.concat([await tarOf([{ name: 'a' }, 'x']), Buffer.alloc(512, 'y')])],
    ['a size that is no number', async () => withSize(await tarOf([{ name: 'a' }, 'x']), Buffer.from('0x1000000000'))],
  ])('refuses a tar with %s, as a pack is refused', async (_, make) =>
    expect(unpacked(await make())).rejects.toMatchObject({ code: 'FILE_NOT_A_TAR' }),
  );

  it('lets go when its reader leaves', async () => {
    const tar = await tarOf([{ name: 'a' }, 'x'.repeat(5_000)], [{ name: 'b' }, 'x']);
    for await (const { path } of filesOfTar(tarEntries, inPieces(tar), 'd/', 10_000)) {
      expect(path).toBe('d/a');
      break;
    }
  });
});
