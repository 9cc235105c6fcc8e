import { pack, type Header } from 'tar-stream';
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
  for await (const { path, content, executable } of filesOfTar(inPieces(bytes), 'd/', maxBytes)) {
    let text = executable ? 'x:' : '';
    for await (const piece of content as AsyncIterable<Uint8Array>) text += Buffer.from(piece).toString();
    files[path] = text;
  }
  return files;
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
    ['no tar', async () => Buffer.alloc(2_000, 'x'), 'FILE_NOT_A_TAR'],
    ['nothing', async () => Buffer.alloc(0), 'FILE_NOT_A_TAR'],
    ['half a file', async () => (await tarOf([{ name: 'a' }, 'x'.repeat(5_000)])).subarray(0, 3_000), 'FILE_NOT_A_TAR'],
  ])('refuses %s', async (_, make, code) => expect(unpacked(await make())).rejects.toMatchObject({ code }));

  it('leaves paths to those who lay files down', async () =>
    expect(Object.keys(await unpacked(await tarOf([{ name: '../x' }, 'x'])))).toEqual(['d/../x']));

  it('lets go when its reader leaves', async () => {
    const tar = await tarOf([{ name: 'a' }, 'x'.repeat(5_000)], [{ name: 'b' }, 'x']);
    for await (const { path } of filesOfTar(inPieces(tar), 'd/', 10_000)) {
      expect(path).toBe('d/a');
      break;
    }
  });
});
