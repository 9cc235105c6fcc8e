// What Node.js 21 and later have. `pg` asks it where it runs, and where it is missing asks `Response`, for which Node.js loads all of `fetch`: a
// quarter of the time that a thread with one connection takes to start.
if (!('navigator' in globalThis))
  Object.defineProperty(globalThis, 'navigator', {
    value: { userAgent: `Node.js/${process.versions.node.split('.')[0]}` },
    configurable: true,
  });
