// A real OpenID Connect server for development and tests, on loopback only. It accepts any password, so it must never be used in
// production.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { audience, configurationOf, resource } from './configuration.mjs';
import { loginPage } from './login-page.mjs';
import { clients as knownClients, people as knownPeople } from './people.mjs';
import { readState } from './state.mjs';
import { teachTokenExchange } from './token-exchange.mjs';

/**
 * Starts the Authority on 127.0.0.1.
 *
 * - `port`: 0 (default) selects a free one. The issuer is `http://127.0.0.1:<port>`, so a stable issuer needs a fixed port.
 * - `stateDirectory`: stores keys and machine secrets (0600), so that tokens outlive a restart. Without it they are new at each start.
 * - `people`, `clients`: see people.mjs.
 * - `tokenSeconds`: lifetime of access tokens, default 3600.
 *
 * Resolves to `{issuer, audience, resource, jwksUri, port, clients: {<id>: {clientId, clientSecret?}}, stop()}`.
 */
export async function startDevAuthority({
  port = 0,
  stateDirectory,
  people = knownPeople,
  clients = knownClients,
  tokenSeconds = 3_600,
} = {}) {
  const state = await readState(stateDirectory, clients);
  let answer = (_request, response) => response.writeHead(503).end();
  const server = createServer((request, response) => void answer(request, response));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = await quietly(async () => {
    const module = await import('oidc-provider');
    const made = new module.Provider(
      issuer,
      configurationOf({ provider: module, people, clients, state, tokenSeconds }),
    );
    teachTokenExchange(made, { errors: module.errors, jwks: state.jwks });
    return made;
  }).catch((error) => {
    server.close();
    throw error;
  });
  provider.on('server_error', (_ctx, error) => console.error(error));
  const page = loginPage(provider, people);
  const callback = provider.callback();
  answer = async (request, response) => {
    try {
      if (!(await page(request, response))) await callback(request, response);
    } catch (error) {
      // An unknown or expired interaction (errors of the provider have a status), or a fault of this code.
      const status = error.status ?? error.statusCode ?? 500;
      if (status >= 500) console.error(error);
      if (!response.headersSent) response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: error.error ?? 'server_error', error_description: error.message }));
    }
  };
  return {
    issuer,
    audience,
    resource,
    port: server.address().port,
    jwksUri: `${issuer}/jwks`,
    clients: Object.fromEntries(
      clients.map(({ id }) => [id, { clientId: id, ...(state.secrets[id] && { clientSecret: state.secrets[id] }) }]),
    ),
    async stop() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Suppresses oidc-provider's advice for production (another Node.js, another store), which does not apply here. */
async function quietly(work) {
  const { warn, info } = console;
  const without =
    (say) =>
    (text, ...rest) =>
      String(text).includes('oidc-provider ') || say.call(console, text, ...rest);
  console.warn = without(warn);
  console.info = without(info);
  try {
    return await work();
  } finally {
    Object.assign(console, { warn, info });
  }
}
