/** The settings that the webservice writes into the page. */
export interface Settings {
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Resource indicator (RFC 8707); null: none is sent. */
  readonly resource: string | null;
  /** Interval at which lists are refreshed, milliseconds. */
  readonly refresh: number;
  /** Maximum number of log lines that the browser keeps. */
  readonly logLines: number;
  /** Maximum number of nodes of a graph that is drawn. */
  readonly graphNodes: number;
  /** Size up to which the browser reads an evidence bundle, bytes. */
  readonly bundleSize: number;
}

/** Reads the settings of this page. */
export function readSettings(document: Document): Settings {
  const text = document.getElementById('settings')?.textContent ?? '';
  return JSON.parse(text) as Settings;
}

/** Path of the console without a trailing slash, such as `/console`. */
export function basePath(document: Document): string {
  return new URL(document.baseURI).pathname.replace(/\/$/, '');
}
