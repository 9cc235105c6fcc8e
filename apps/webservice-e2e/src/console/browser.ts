import { existsSync, readFileSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** Debian's packages. The first one has no windows, and takes half of the processor time. */
const CHROMIUM = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];

/** True if Chromium is installed. Prints a notice if it is not; with `CI=true` its absence is a failure. */
export function hasChromium(): boolean {
  if (CHROMIUM.some((path) => existsSync(path))) return true;
  const missing = `none of ${CHROMIUM.join(', ')} is installed`;
  if (process.env['CI'] === 'true') throw new Error(missing);
  console.warn(`skipped: ${missing}`);
  return false;
}

/** Chromium without a screen. Its own sandbox needs rights that a container does not give. */
export function startChromium(): Promise<Browser> {
  const executablePath = CHROMIUM.find((path) => existsSync(path)) ?? '';
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
}

/** A person in front of a browser of their own, which notes everything that goes wrong in it. */
export class Visitor {
  /** Errors of scripts, and of the console of the browser: also each violation of the Content-Security-Policy. */
  readonly complaints: string[] = [];

  private constructor(readonly page: Page) {
    page.on('pageerror', (error) => this.complaints.push(error.stack ?? error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
  }

  /** `proxy`: address of a forward proxy for all requests, also to loopback. */
  static async open(browser: Browser, proxy: string | null = null): Promise<Visitor> {
    const viewport = { width: 1_440, height: 900 };
    const context = await browser.newContext({
      viewport,
      ...(proxy !== null && { proxy: { server: proxy, bypass: '<-loopback>' } }),
    });
    return Visitor.in(await context.newPage());
  }

  /** Another tab of the same browser window. */
  async tab(): Promise<Visitor> {
    return Visitor.in(await this.page.context().newPage());
  }

  private static async in(page: Page): Promise<Visitor> {
    // A watchdog: beside much other work a page takes more than Playwright's 30 s.
    page.setDefaultTimeout(60_000);
    // Chromium tells of most violations in its console; this tells of all.
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
        console.error(`the policy ${violatedDirective} was violated by ${blockedURI}`);
      });
    });
    return new Visitor(page);
  }

  /** The network was cut: browsers note each request that failed for it. */
  wasOffline(): void {
    const others = this.complaints.filter(
      (complaint) => !/net::ERR_(?:INTERNET_DISCONNECTED|NETWORK|CONNECTION_REFUSED|EMPTY_RESPONSE)/.test(complaint),
    );
    this.complaints.splice(0, this.complaints.length, ...others);
  }

  /**
   * What of the page people with disabilities cannot use, as axe finds it: findings that are serious or critical. The program comes by the protocol of
   * the browser, so the policy of the page does not see it.
   */
  async barriers(): Promise<readonly string[]> {
    const session = await this.page.context().newCDPSession(this.page);
    const evaluate = async (expression: string): Promise<unknown> => {
      const answer = await session.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
      if (answer.exceptionDetails !== undefined) throw new Error(JSON.stringify(answer.exceptionDetails));
      return answer.result.value;
    };
    await evaluate(`${AXE}; undefined`);
    const found = await evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, help, nodes }) =>
        nodes.map(({ html, failureSummary }) => id + ': ' + help + ': ' + html.slice(0, 200) + ' ' + failureSummary)))`);
    await session.detach();
    return found as readonly string[];
  }

  /** Opens another page of the console without a reload, as a link does. `path` begins after `/console`. */
  async open(path: string): Promise<void> {
    const to = JSON.stringify(`/console${path}`);
    await this.page.evaluate(`history.pushState({}, '', ${to}); dispatchEvent(new PopStateEvent('popstate'))`);
  }

  async press(button: string | RegExp): Promise<void> {
    await this.page.getByRole('button', { name: button, exact: typeof button === 'string' }).click();
  }

  /** The server has refused one request with this status, as it should. Browsers note that in their console. */
  wasRefused(status: number): void {
    const at = this.complaints.findIndex((complaint) => complaint.includes(`responded with a status of ${status}`));
    if (at < 0) throw new Error(`no request was refused with ${status}: ${this.complaints.join('; ')}`);
    this.complaints.splice(at, 1);
  }

  /** Opens an address of the console, and signs in where the Authority asks. */
  async signIn(url: string, login: string): Promise<void> {
    await this.page.goto(url);
    await this.page.getByLabel('Login').fill(login);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
    await this.sees('heading', /./);
  }

  /** Waits until something with this role and name can be seen. */
  async sees(role: 'heading' | 'link' | 'button' | 'row' | 'status', name: RegExp): Promise<void> {
    await this.page.getByRole(role, { name }).first().waitFor();
  }

  async reads(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}

/** Notes tasks of the page that block it for more than 50 ms. What they took is printed, never asserted: it depends on the machine. */
export async function watchLongTasks(page: Page): Promise<void> {
  await page.evaluate(() => {
    const tasks: number[] = [];
    Object.assign(globalThis, { longTasks: tasks });
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
      type: 'longtask',
    });
  });
}

/** The durations of the long tasks since, milliseconds. */
export async function longTasks(page: Page): Promise<readonly number[]> {
  return page.evaluate(() => (globalThis as unknown as { readonly longTasks: readonly number[] }).longTasks);
}
