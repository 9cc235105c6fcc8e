import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ROOT } from '../stack/stack';

/** Output of `npm run chaos -- --json`. */
interface Campaign {
  readonly deeds: { readonly kill?: number; readonly poison?: number };
  readonly runs: number;
  readonly effects: number;
  readonly bundlesVerified: number;
  readonly findings: readonly object[];
}

/** A small campaign with its own database. It runs without `fsync`, because no machine crashes here. */
async function campaign(...args: readonly string[]): Promise<Campaign> {
  const script = join(ROOT, 'tools/chaos/main.mjs');
  const common = ['--workers', '2', '--seed', '11', '--settle', '180', '--relaxed', '--json'];
  const child = spawn(process.execPath, [script, ...args, ...common], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  await once(child, 'close');
  return JSON.parse(out) as Campaign;
}

// Large campaigns take minutes and are started manually (CONTRIBUTING.md).
describe('a small campaign of chaos', () => {
  it('workers that are killed at random moments lose, double and invent nothing', async () => {
    const { findings, deeds, runs, effects, bundlesVerified } = await campaign('--kills', '8', '--concurrent', '12');
    expect(findings).toEqual([]);
    expect(deeds.kill).toBe(8);
    expect(runs).toBeGreaterThanOrEqual(12);
    expect(effects).toBeGreaterThan(0);
    expect(bundlesVerified).toBe(runs);
  }, 420_000);

  it('a pack that kills its worker ends POISON, and nothing beside it does', async () => {
    const { findings, deeds } = await campaign('--campaign', 'poison', '--count', '1', '--concurrent', '8');
    expect(findings).toEqual([]);
    expect(deeds.poison).toBe(1);
  }, 420_000);
});
