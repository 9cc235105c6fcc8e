import type { PublishedPack } from '@taskrunner/client';
import { compareVersions, groupPacks, packsWith } from './pack-versions';

// The order of semver.org §11.4.
const ORDER = [
  ...['1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta', '1.0.0-beta.2', '1.0.0-beta.11', '1.0.0-rc.1'],
  ...['1.0.0', '1.2.0', '1.10.0', '2.0.0'],
];

it('orders versions as semver.org does', () => {
  expect([...ORDER].reverse().sort(compareVersions)).toEqual(ORDER);
  expect(compareVersions('1.0.0+a', '1.0.0+b')).toBe(0);
});

const pack = (name: string, version: string, description: string | null = null) =>
  ({ name, version, description, digest: `${name}${version}` }) as PublishedPack;

it('shows each pack once, by its latest release', () => {
  const packs = groupPacks([pack('b', '1.0.0'), pack('a', '1.9.0'), pack('a', '1.10.0'), pack('a', '2.0.0-rc.1')]);
  expect(packs.map(({ name, latest, versions }) => [name, latest.version, versions.length])).toEqual([
    ['a', '1.10.0', 3],
    ['b', '1.0.0', 1],
  ]);
  expect(groupPacks([pack('a', '1.0.0-rc.1')])[0]?.latest.version).toBe('1.0.0-rc.1');
});

it('finds a pack by its name and its description', () => {
  const packs = groupPacks([pack('drift', '1.0.0', 'Compares SBOMs'), pack('other', '1.0.0')]);
  expect(packsWith(packs, 'sbom').map(({ name }) => name)).toEqual(['drift']);
  expect(packsWith(packs, 'OTH').map(({ name }) => name)).toEqual(['other']);
});
