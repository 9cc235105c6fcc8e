import type { ConsoleSetting } from '../configuration';

/** Facts of one response with the console's page. */
interface PageFacts {
  /** Path below which the API is served, without a slash at its end. */
  readonly path: string;
  /** New for each response. */
  readonly nonce: string;
  readonly setting: ConsoleSetting;
}

/**
 * The page as it is sent: with the base of its links, the nonce of its styles and its settings. The settings are a block of data, which a
 * browser does not run.
 */
export function consolePage(page: string, { path, nonce, setting }: PageFacts): string {
  const { issuer, clientId, scopes, resource, refresh, logLines, graphNodes, bundleSize } = setting;
  const settings = { issuer, clientId, scopes, resource, refresh, logLines, graphNodes, bundleSize };
  const values: Readonly<Record<string, string>> = {
    CONSOLE_BASE: attribute(`${path}/console/`),
    CONSOLE_NONCE: nonce,
    // `</script>` inside a text would end the block.
    CONSOLE_SETTINGS: JSON.stringify(settings).replaceAll('<', '\\u003c'),
  };
  return page.replaceAll(/CONSOLE_(?:BASE|NONCE|SETTINGS)/g, (name) => values[name] ?? name);
}

/** The Content-Security-Policy of the page: everything comes from this server; only the issuer is called besides. */
export function consolePolicy(nonce: string, { issuer, connect }: ConsoleSetting): string {
  const origins = [issuer, ...connect].flatMap((url) => (url === null ? [] : [new URL(url).origin]));
  return [
    "default-src 'self'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "worker-src 'self'",
    `connect-src 'self' ${[...new Set(origins)].join(' ')}`.trimEnd(),
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
