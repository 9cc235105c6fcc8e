import type { TestBed } from './test-bed';

const manifest = (version: string, name = 'console-domain') => `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: ${name}, version: ${version}, description: Renews the certificate of a domain., tags: [certificates] }
spec:
  inputs:
    - { name: domain, type: string, required: true, schema: { pattern: '^[a-z.]+$' }, description: Whose certificate it is. }
    - { name: days, type: integer, default: 21, schema: { minimum: 1 } }
    - { name: region, type: string, enum: [eu, us], default: eu }
    - { name: force, type: boolean, default: false }
    - { name: hosts, type: array, schema: { items: { type: string }, maxItems: 2 } }
    - { name: pin, type: string, sensitive: true }
  steps:
    - id: renew
      run: { uses: "builtin:transform", with: { outputs: { said: "{{ inputs.domain }} in {{ inputs.region }}, {{ inputs.days }}" } } }
  outputs: [ { name: said, type: string, value: "{{ steps.renew.outputs.said }}" } ]
`;

/** Packs, and the forms to run them. */
export function packCases(testBed: () => TestBed): void {
  it('lists published packs, and runs one by the form of its inputs', async () => {
    const wendy = await testBed().caller('wendy');
    for (const version of ['1.0.0', '1.1.0'])
      expect((await wendy.ask('POST', '/api/packs', { manifest: manifest(version) })).status).toBe(201);
    const ada = await testBed().visit('/packs?q=certificate', 'ada');
    await ada.page.getByRole('link', { name: 'console-domain' }).click();
    await ada.sees('heading', /^console-domain$/);
    expect(await ada.page.getByLabel('Version').inputValue()).toBe('1.1.0');
    await ada.page.getByLabel('Version').selectOption('1.0.0');
    await ada.reads('No publisher that this server knows');
    expect(new URL(ada.page.url()).searchParams.get('version')).toBe('1.0.0');

    // The schemas of the pack are applied here; what only the server knows stands beside the entry too.
    await ada.press('Start the run');
    await ada.reads('A value is needed.');
    await ada.page.getByLabel('domain').fill('EXAMPLE');
    await ada.page.getByLabel('days').fill('0');
    await ada.page.getByLabel('hosts').fill('a\nb\nc');
    await ada.press('Start the run');
    for (const said of [/must match/, /must be at least 1|>= 1/, /at most 2|more than 2/]) await ada.reads(said);
    await ada.page.getByLabel('domain').fill('example.org');
    await ada.page.getByLabel('days').fill('7');
    await ada.page.getByLabel('hosts').fill('a\nb');
    await ada.page.getByLabel('region').selectOption('us');
    await ada.page.getByLabel('pin').fill('1');
    await ada.press('Check only');
    await ada.reads(/too short or too common/);
    ada.wasRefused(422);
    // A reload loses what is sensitive, and nothing else.
    await ada.reads('This tab keeps your entries over a reload, but no sensitive entries.');
    await ada.page.getByText('Labels', { exact: true }).click();
    await ada.page.getByLabel('Labels').fill('ticket=SEC-42');
    await ada.page.getByLabel('pin').fill('c0rrect-h0rse');
    expect(await ada.page.evaluate('JSON.stringify({ ...sessionStorage })')).not.toContain('c0rrect-h0rse');
    await ada.page.reload();
    await ada.reads('The entries that you made before are here again.');
    const entries = ['domain', 'days', 'hosts', 'region', 'pin', 'Labels'].map((name) => ada.page.getByLabel(name));
    expect(await Promise.all(entries.map((entry) => entry.inputValue()))).toEqual([
      ...['example.org', '7', 'a\nb', '"us"', '', 'ticket=SEC-42'],
    ]);
    await ada.page.getByLabel('pin').fill('c0rrect-h0rse');
    await ada.press('Check only');
    await ada.reads('✓ The plan is valid. Nothing was started.');
    await ada.press('Start the run');
    await ada.reads('The run is succeeded');
    await ada.page.getByRole('tab', { name: 'Outputs' }).click();
    await ada.reads(/example\.org in us, 7/);
    // What was sent is not entered again.
    await ada.open('/packs/console-domain?version=1.0.0');
    expect(await ada.page.getByLabel('domain').inputValue()).toBe('');
    await ada.page.getByLabel('domain').fill('example.net');
    await ada.page.reload();
    await ada.press('Begin anew');
    expect(await ada.page.getByLabel('domain').inputValue()).toBe('');
  }, 180_000);

  it('runs a pack from a file', async () => {
    const ada = await testBed().visit('/packs', 'ada');
    await ada.page.getByRole('link', { name: 'Run a pack of your own …' }).click();
    const choose = (name: string, text: string) =>
      ada.page
        .getByLabel('Pack', { exact: true })
        .setInputFiles({ name, mimeType: 'text/yaml', buffer: Buffer.from(text) });
    await choose('pack.yaml', manifest('1.0.0').replace('steps:', 'stepz:'));
    await ada.reads(/stepz/);
    await choose('pack.yaml', manifest('3.0.0', 'console-own'));
    await ada.sees('heading', /^console-own 3\.0\.0$/);
    await ada.page.getByLabel('domain').fill('example.net');
    await ada.press('Start the run');
    await ada.reads('The run is succeeded');

    const wendy = await testBed().visit('/submit', 'wendy');
    await wendy.page.getByLabel('Pack', { exact: true }).setInputFiles({
      name: 'pack.yaml',
      mimeType: 'text/yaml',
      buffer: Buffer.from(manifest('3.0.0', 'console-published')),
    });
    await wendy.reads(/needs the scope packs\.run/);
    await wendy.press('Publish it …');
    await wendy.press('Publish it');
    await wendy.page.getByRole('link', { name: 'console-published 3.0.0' }).click();
    await wendy.sees('heading', /^console-published$/);
  }, 180_000);
}
