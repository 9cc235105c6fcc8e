import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ROOT } from './stack';

/** What `npm run chaos -- --json` prints. */
interface Campaign {
  readonly deeds: { readonly kill?: number };
  readonly runs: number;
  readonly effects: number;
  readonly bundlesVerified: number;
  readonly findings: readonly object[];
}

// The smallest campaign: the large ones take minutes and are started by hand (CONTRIBUTING.md).
it('workers that are killed at random moments lose, double and invent nothing', async () => {
  const script = join(ROOT, 'tools/chaos/main.mjs');
  const args = ['--kills', '8', '--workers', '2', '--concurrent', '12', '--seed', '11', '--settle', '120', '--relaxed', '--json']; // prettier-ignore
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  await once(child, 'close');
  const campaign = JSON.parse(out) as Campaign;
  expect(campaign.findings).toEqual([]);
  expect(campaign.deeds.kill).toBe(8);
  expect(campaign.runs).toBeGreaterThanOrEqual(12);
  expect(campaign.effects).toBeGreaterThan(0);
  expect(campaign.bundlesVerified).toBe(campaign.runs);
}, 300_000);
