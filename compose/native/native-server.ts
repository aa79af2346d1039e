export interface NativeServerOptions {
  /** A folder of the server's own, made if absent. */
  readonly path: string;
  /** Where software that is fetched is kept for every project of this user. */
  readonly cacheDir: string;
  /** Default: the port of the last time if it is free, else any free one. A given port that is taken: EngineError `misconfigured`. */
  readonly port?: number;
  /** Hears one line per slow step. */
  readonly onProgress?: (line: string) => void;
}

/** A real server on 127.0.0.1, started without Docker. It outlives the process that started it. */
export interface NativeServer {
  readonly name: string;
  readonly version: string;
  readonly url: string;
  /** Null while it does not run. */
  readonly pid: number | null;
  /** Orderly, at most 20 s; then it is killed. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Stops it if it runs, and starts it on the same folder, and the same port if that is free. */
  restart(): Promise<void>;
}
