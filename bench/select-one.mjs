// The least that a command can cost: node starts, connects, asks one question.
import { createRequire } from 'node:module';

const pg = createRequire(process.argv[2])('pg');
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
await client.query('select 1');
await client.end();
