import type { TestCase, TestModule, TestProject } from 'vitest/node';

/**
 * Tells at the end of a run which tests were skipped and what they lack: a skipped test is easily taken for a passed
 * one. Not a reporter, which --reporter on the command line would take the place of. Never fails a run.
 */
export default function setup({ vitest }: TestProject): () => void {
  return () => {
    // With -t everything else is skipped, as wanted.
    if (vitest.config.testNamePattern !== undefined) return;
    process.stdout.write(`${toldSkipped(vitest.state.getTestModules()).join('\n')}\n`);
  };
}

/** One line for each thing that is missing, with how many tests of which files lack it. */
export const toldSkipped = (
  modules: readonly Pick<TestModule, 'children' | 'relativeModuleId'>[],
): string[] => {
  const files = new Map<string, Map<string, number>>();
  let count = 0;
  for (const module of modules) {
    for (const test of module.children.allTests('skipped')) {
      const why = reasonOf(test);
      const counts = files.get(why) ?? new Map<string, number>();
      counts.set(module.relativeModuleId, (counts.get(module.relativeModuleId) ?? 0) + 1);
      files.set(why, counts);
      count += 1;
    }
  }
  if (count === 0) return ['No test was skipped.'];
  return [
    `Skipped ${count === 1 ? '1 test' : `${count} tests`}:`,
    ...[...files].map(([why, counts]) => {
      const places = [...counts].map(([file, tests]) => `${tests} in ${file}`).join(', ');
      return `  ${why}: ${places}`;
    }),
  ];
};

/**
 * What a test said when it skipped itself, or what its name or that of a group around it ends with (see lacking.ts).
 */
const reasonOf = (test: TestCase): string => {
  const result = test.result();
  if (result.state === 'skipped' && result.note !== undefined) return result.note;
  return / \[skipped: (.*?)\]( > |$)/.exec(test.fullName)?.[1] ?? 'No reason is given';
};
