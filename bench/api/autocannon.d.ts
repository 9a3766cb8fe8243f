// The part of autocannon 8 that the bench uses; the package has no types of its own.
declare module 'autocannon' {
  export interface Request {
    readonly method: 'GET';
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
  }
  export interface Client {
    setRequests(requests: readonly Request[]): void;
  }
  export interface Options {
    readonly url: string;
    readonly connections: number;
    /** Seconds. */
    readonly duration: number;
    readonly setupClient: (client: Client) => void;
  }
  /** Milliseconds. */
  export interface Latency {
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
  }
  export interface Result {
    readonly latency: Latency;
    readonly requests: { readonly average: number; readonly total: number };
    readonly non2xx: number;
    readonly errors: number;
    readonly timeouts: number;
  }
  export default function autocannon(options: Options): Promise<Result>;
}
