/**
 * Says who runs this, as Node does from 21 on. On Node 20 the package pg finds out for itself, by building a Response,
 * and that loads all of fetch: 30 ms of every command. It has to come before the first import of pg.
 */
if (!('navigator' in globalThis))
  Object.defineProperty(globalThis, 'navigator', {
    value: { userAgent: `Node.js/${process.versions.node.split('.')[0]}` },
    configurable: true,
  });

export {};
