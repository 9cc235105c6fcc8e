import { pack } from '../stack/stack';
import type { TestBed } from './test-bed';

const NOOP = pack('- { id: nothing, run: { uses: "builtin:noop" } }\n');

/** The list of runs. */
export function runListCases(testBed: () => TestBed): void {
  it('finds runs by status, pack, label, requester, time and text, and says why it shows none', async () => {
    const api = await testBed().caller('ada');
    const ticket = `SEC-${Date.now()}`;
    const run = await api.submit(NOOP, {}, { labels: { ticket } });
    await api.until(run, ['succeeded']);
    const ada = await testBed().visit(`/runs?label=ticket:${ticket}`, 'ada');
    const rows = ada.page.getByRole('table', { name: /^Runs/ }).getByRole('row');
    const shows = async (count: number): Promise<void> => {
      await ada.page.waitForFunction((rows) => document.querySelectorAll('tbody tr').length === rows, count);
    };
    await rows.nth(1).waitFor();
    await shows(1);
    await ada.page.getByRole('combobox', { name: /^Status/ }).selectOption('succeeded');
    await ada.page.getByRole('combobox', { name: /^Created/ }).selectOption('1h');
    // The address holds its state: it changes when the router has gone there.
    await ada.page.getByLabel('Requested by me').click();
    await ada.page.getByRole('checkbox', { name: 'Requested by me', checked: true }).waitFor();
    await ada.page.getByLabel('Pack', { exact: true }).fill('e2e');
    await ada.page.keyboard.press('Enter');
    await ada.page.getByLabel('Search runs').fill(ticket.toLowerCase());
    await ada.page.keyboard.press('Enter');
    await ada.page.waitForURL(/q=/);
    expect(Object.fromEntries(new URL(ada.page.url()).searchParams)).toEqual({
      label: `ticket:${ticket}`,
      status: 'succeeded',
      since: '1h',
      requester: 'me',
      pack: 'e2e',
      q: ticket.toLowerCase(),
    });
    await shows(1);
    await ada.page.getByRole('combobox', { name: /^Status/ }).selectOption('failed');
    await ada.reads('No run matches the filter');
    // A run that begins meanwhile comes without being asked for.
    await ada.page.getByRole('combobox', { name: /^Status/ }).selectOption('');
    await shows(1);
    await api.submit(NOOP, {}, { labels: { ticket } });
    await shows(2);
    await ada.press('Clear');
    await ada.page.waitForURL((url) => url.search === '');

    // Whoever may not read runs is told so, and gets no empty list.
    await ada.page.route('**/api/me', async (route) => {
      const me = (await (await route.fetch()).json()) as object;
      await route.fulfill({ json: { ...me, scopes: [] } });
    });
    await ada.page.reload();
    await ada.reads('You may not see this');
    expect(await rows.count()).toBe(0);
    await ada.page.unrouteAll();
    // A list that is not here yet is not an empty one.
    let answer: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (answer = resolve));
    await ada.page.route('**/api/runs?*', async (route) => {
      await held;
      await route.continue();
    });
    await ada.page.reload();
    await ada.reads(/^Loading runs/);
    answer();
    await rows.nth(1).waitFor();
  }, 180_000);
}
