/*
 * duckdb: a DuckDB database, by its npm package, for peer_duckdb.py.
 *
 * node duckdb.js DATABASE MODE THREADS SQL... runs the statements and ends.
 * Without SQL it stays: it prints DuckDB's version, then takes a statement a
 * line as a JSON string and answers each with { seconds }, until all rows of
 * its result are there, in DuckDB's own columns and nothing made of them, or
 * with { error }.  MODE is READ_ONLY or READ_WRITE.
 *
 * The package is looked for where node looks from here, else in the folder
 * that AUDIT_BENCH_NODE_MODULES names.
 */
'use strict';

const path = require('path');
const readline = require('readline');

function
duckdb_package()
{
	const name = '@duckdb/node-api';
	const folder = process.env.AUDIT_BENCH_NODE_MODULES;

	return require(folder ? path.resolve(folder, name) : name);
}

async function
timed(connection, sql)
{
	const began = process.hrtime.bigint();
	const result = await connection.stream(sql);

	for (;;) {
		const chunk = await result.fetchChunk();
		if (!chunk || chunk.rowCount === 0)
			break;
	}
	return Number(process.hrtime.bigint() - began) / 1e9;
}

async function
answer(connection, line)
{
	try {
		return { seconds: await timed(connection, JSON.parse(line)) };
	} catch (error) {
		return { error: String(error.message) };
	}
}

async function
main()
{
	const [database, access_mode, threads, ...statements] = process.argv.slice(2);
	const duckdb = duckdb_package();
	const instance = await duckdb.DuckDBInstance.create(database, { access_mode, threads });
	const connection = await instance.connect();

	for (const sql of statements)
		await connection.run(sql);
	if (statements.length > 0) {
		connection.closeSync();
		instance.closeSync();
		return;
	}
	console.log(duckdb.version());
	for await (const line of readline.createInterface({ input: process.stdin }))
		console.log(JSON.stringify(await answer(connection, line)));
}

main().catch((error) => {
	console.error('duckdb.js: ' + error.message);
	process.exit(1);
});
