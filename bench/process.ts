import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** What a process took. */
export interface Measured {
  readonly wallMs: number;
  /** Processor time of the process itself, user and system. */
  readonly nodeMs: number;
  /** Peak resident memory. */
  readonly peakMb: number;
  readonly stdout: string;
}

const usageHook = pathToFileURL(fileURLToPath(new URL('./usage-hook.mjs', import.meta.url))).href;

/** Called for each line that the process says, with its id and how long it has been running. */
export type OnLine = (line: string, pid: number, wallMs: number) => void;

const running = new Set<ChildProcess>();

/** Ends the processes that are being measured; whoever waits for one gets an error. */
export const endMeasured = (): void => {
  for (const child of running) child.kill('SIGTERM');
};

/**
 * Runs node with arguments to its end and measures it from outside. Throws with what it wrote unless it exits with 0.
 */
export const measureNode = (
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  onLine: OnLine = () => undefined,
): Promise<Measured> =>
  new Promise((resolve, reject) => {
    const folder = mkdtempSync(join(tmpdir(), 'arc-gam-bench-'));
    const usageFile = join(folder, 'usage.json');
    const started = performance.now();
    const child = spawn(process.execPath, [`--import=${usageHook}`, ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH ?? '', BENCH_USAGE_FILE: usageFile, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    let stdout = '';
    let stderr = '';
    createInterface({ input: child.stdout }).on('line', (line) => {
      stdout += `${line}\n`;
      onLine(line, child.pid ?? 0, performance.now() - started);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => {
      running.delete(child);
      const wallMs = performance.now() - started;
      try {
        if (code !== 0) throw new Error(`node ${args.join(' ')} exited with ${code}: ${stderr}${stdout}`);
        const usage = JSON.parse(readFileSync(usageFile, 'utf8')) as NodeJS.ResourceUsage;
        resolve({
          wallMs,
          nodeMs: (usage.userCPUTime + usage.systemCPUTime) / 1000,
          peakMb: usage.maxRSS / 1024,
          stdout,
        });
      } catch (error) {
        reject(error);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });
