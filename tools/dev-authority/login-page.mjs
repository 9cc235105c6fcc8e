// The login page of the development Authority, its only page. Any password is accepted; an unknown login is not.
import { randomBytes, timingSafeEqual } from 'node:crypto';

const maxFormBytes = 8_192;

/** Handles `/interaction/:uid`. Returns false for other requests. */
export function loginPage(provider, people) {
  // A token for the lifetime of this process, which forms of other sites cannot contain.
  const formToken = randomBytes(24).toString('base64url');
  return async (request, response) => {
    const { pathname } = new URL(request.url, 'http://127.0.0.1');
    if (!/^\/interaction\/[\w-]+$/.test(pathname)) return false;
    if (request.method === 'GET') {
      const { params } = await provider.interactionDetails(request, response);
      page(response, 200, { people, formToken, hint: params.login_hint ?? '' });
    } else if (request.method === 'POST') {
      const form = new URLSearchParams(await readBody(request));
      if (!same(form.get('token') ?? '', formToken)) return page(response, 403, { people, formToken, hint: '' });
      const login = form.get('login') ?? '';
      const person = people.find((one) => one.login === login);
      if (!person) return page(response, 401, { people, formToken, hint: login, refusal: 'Nobody has this login.' });
      await provider.interactionFinished(request, response, { login: { accountId: login } });
    } else {
      response.writeHead(405, { allow: 'GET, POST' }).end();
    }
    return true;
  };
}

function page(response, status, { people, formToken, hint, refusal }) {
  const body = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Sign in · development Authority</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:4rem auto;padding:0 1rem}label,input,button{display:block;width:100%;box-sizing:border-box;font:inherit}input,button{margin:.25rem 0 1rem;padding:.5rem}[role=alert]{color:#a40000}</style></head>
<body><main>
<h1>Development Authority</h1>
<p>Not for production: any password is accepted. People: ${people.map((one) => escape(one.login)).join(', ')}.</p>
${refusal ? `<p role="alert">${escape(refusal)}</p>` : ''}
<form method="post" autocomplete="off">
<input type="hidden" name="token" value="${formToken}">
<label for="login">Login</label><input id="login" name="login" value="${escape(hint)}" required autofocus>
<label for="password">Password</label><input id="password" name="password" type="password">
<button type="submit">Sign in</button>
</form>
</main></body></html>`;
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'x-frame-options': 'DENY',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  });
  response.end(body);
  return true;
}

async function readBody(request) {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > maxFormBytes) throw Object.assign(new Error('form too large'), { status: 413 });
  }
  return text;
}

function same(left, right) {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
}

function escape(text) {
  return String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
