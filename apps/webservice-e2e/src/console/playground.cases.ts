import type { Stage } from './evidence.cases';
import { Visitor } from './browser';

/** The line of the editor that has the cursor. It runs in the browser, whose types this project does not have. */
const LINE_OF_CURSOR = `(({ value, selectionStart }) => value.slice(0, selectionStart).split('\\n').length)(document.activeElement)`;

/** The playground of the console. */
export function describePlayground(stage: () => Stage): void {
  it('names faults where they are, draws the plan, and sends nothing before it is submitted', async () => {
    const { stack, browser, visitors } = stage();
    const ada = await Visitor.open(browser);
    visitors.push(ada);
    const { page } = ada;
    const workers: string[] = [];
    const sent: string[] = [];
    page.on('worker', (worker) => workers.push(worker.url()));
    page.on('request', (request) => {
      if (request.method() !== 'GET' && request.url().includes('/api/')) sent.push(request.url());
    });
    await ada.signIn(`${stack.server}/console/playground`, 'ada');
    await page.getByLabel('greet, run, would run').waitFor();
    await page.getByLabel('ask, gate, waits for approval').waitFor();
    await ada.reads('ask: 1 × packs.approve');

    const editor = page.getByRole('textbox', { name: 'Pack' });
    const text = await editor.inputValue();
    await editor.fill(text.replace('needs: [greet]', 'needs: [grete]'));
    await page.getByRole('button', { name: /^15:/ }).click();
    expect(await page.evaluate(LINE_OF_CURSOR)).toBe(15);
    await ada.reads('One fault is to be corrected');
    await editor.fill(text.replace('type: string, default: world', 'type: string, required: true'));
    await ada.reads(/\/inputs\/who/);
    await page.getByRole('button', { name: 'Write a line for its input' }).click();
    await page.getByLabel('greet, run, would run').waitFor();
    expect(sent).toEqual([]);
    const scripts = await Promise.all(workers.map(async (url) => (await fetch(url)).text()));
    expect(scripts.length).toBeGreaterThan(0);
    for (const script of scripts) expect(script).not.toMatch(/\bfetch\s*\(|XMLHttpRequest|WebSocket|importScripts/);

    await page.getByRole('button', { name: 'Run first-try:0.1.0' }).click();
    await ada.sees('heading', /^first-try/);
    expect(sent).toEqual([`${stack.server}/api/runs`]);
  }, 180_000);
}
