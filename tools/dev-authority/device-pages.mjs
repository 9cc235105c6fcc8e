// Sign-in on another device (RFC 8628) at the development Authority, with plain pages: enter the code, confirm it, done.

/** The feature of oidc-provider. Forms are made by it. */
export const deviceFlow = {
  enabled: true,
  async userCodeInputSource(ctx, form, _out, error) {
    const text = error ? 'The code is not valid.' : 'Enter the code that the program shows.';
    show(ctx, 'Sign in with a code', text, `${form}<button type="submit" form="op.deviceInputForm">Continue</button>`);
  },
  async userCodeConfirmSource(ctx, form, client, _device, userCode) {
    const confirm = '<button type="submit" form="op.deviceConfirmForm">This is the code</button>';
    show(ctx, 'Is this the code?', `${client.clientName} shows the code ${userCode}.`, form + confirm);
  },
  async successSource(ctx) {
    show(ctx, 'Signed in', 'Go back to the program; this page can be closed.', '');
  },
};

/** The name of the client and the code are of this Authority. */
function show(ctx, title, text, form) {
  ctx.body = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title} · development Authority</title></head>
<body><main><h1>${title}</h1><p>${text}</p>${form}</main></body></html>`;
}
