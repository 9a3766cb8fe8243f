import { expect, test } from 'vitest';
import { createDatabase } from '../server/database.js';

test('distribute, where there is no cluster, says what it is for and exits with 2', async () => {
  const database = await createDatabase();
  for (const args of [['distribute'], ['distribute', '--dry-run'], ['distribute', '--undo']]) {
    const { code, stderr } = await database.cli(args);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/spread over several servers by the extension Citus, .*docs\/scale\.md/),
    ]);
  }
  await database.drop();
});
