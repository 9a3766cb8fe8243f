// Loaded before a measured process: when it ends, it says what it took.
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  writeFileSync(process.env.BENCH_USAGE_FILE ?? '', JSON.stringify(process.resourceUsage()));
});
