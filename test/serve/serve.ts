import { readSettings } from '../../src/config.js';
import type { RequestReport } from '../../src/serve/http.js';
import { type RunningServer, startServer } from '../../src/serve/server.js';
import { readServeSettings } from '../../src/serve/settings.js';

/** A server under test and what it logged. */
export interface TestServer extends RunningServer {
  readonly requests: RequestReport[];
  /** Asks and returns status, headers and the JSON body. */
  get(path: string, headers?: Record<string, string>): Promise<Reply>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects to be there
  readonly body: any;
}

/** Starts the server on a free port of this machine, with no other settings than those given. */
export const startTestServer = async (
  databaseUrl: string,
  environment: Record<string, string> = {},
  now?: string,
): Promise<TestServer> => {
  const requests: RequestReport[] = [];
  const server = await startServer(
    readSettings({ databaseUrl }, environment),
    readServeSettings(environment),
    {
      host: '127.0.0.1',
      port: 0,
      onRequest: (report) => requests.push(report),
      ...(now === undefined ? {} : { now }),
    },
  );
  return {
    ...server,
    requests,
    get: async (path, headers = {}) => {
      const response = await fetch(server.url + path, { headers });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: text === '' ? null : JSON.parse(text),
      };
    },
  };
};
