import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server that can be disturbed. */
export interface ServerProxy {
  /** The address that leads through it. */
  readonly url: string;
  /** Nothing comes through any more, and nobody is told. */
  freeze(): void;
  thaw(): void;
  /** Ends all connections without saying goodbye. */
  cut(): void;
  /** Resolves when somebody tries to come through. */
  isTried(): Promise<unknown>;
  close(): void;
}

/**
 * Opens a way to the server of `url`, at `port`, or a free one. `hears` is told what callers say, and may let the
 * caller's connection be forgotten: nothing comes through it any more.
 */
export const openProxy = async (
  url: string,
  {
    port = 0,
    hears,
  }: { port?: number; hears?: (words: string, proxy: ServerProxy, forget: () => void) => void } = {},
): Promise<ServerProxy> => {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const server = createServer((caller) => {
    const upstream = connect(Number(target.port), target.hostname);
    const forget = () => {
      for (const socket of [caller, upstream]) socket.removeAllListeners('data').pause();
    };
    if (hears !== undefined) caller.on('data', (data: Buffer) => hears(data.toString(), proxy, forget));
    for (const [from, to] of [
      [caller, upstream],
      [upstream, caller],
    ] as const) {
      sockets.add(from);
      from.on('data', (data) => void to.write(data));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      if (isFrozen) from.pause();
    }
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const proxy: ServerProxy = {
    url: through.href,
    freeze: () => {
      isFrozen = true;
      for (const socket of sockets) socket.pause();
    },
    thaw: () => {
      isFrozen = false;
      for (const socket of sockets) socket.resume();
    },
    cut,
    isTried: () => once(server, 'connection'),
    close: () => {
      cut();
      server.close();
    },
  };
  return proxy;
};
