// tedious against a server of TDS: logs in, asks three things and what it is given, prints a line each.
// usage: node tedious.js PORT ENCRYPT CA [STATEMENT...]      ENCRYPT: false, true, strict
const { Connection, Request, TYPES } = require(require.resolve("tedious", { paths: [process.env.NODE_MODULES] }));
const [port, encrypt, ca, ...more] = process.argv.slice(2);
const options = {
  port: Number(port), database: "shop", encrypt: encrypt === "strict" ? encrypt : encrypt === "true", serverName: "localhost",
  cryptoCredentialsDetails: { ca: require("fs").readFileSync(ca) }, trustServerCertificate: false, connectTimeout: 20000,
};
const connection = new Connection({ server: "localhost", authentication: { type: "default", options: { userName: "sa", password: "Pass-1" } }, options });
const ask = (text, parameters = {}) => new Promise((resolve) => {
  const rows = [];
  const request = new Request(text, (error) => { console.log(error ? `error ${error.number}` : JSON.stringify(rows)); resolve(); });
  for (const [name, value] of Object.entries(parameters)) request.addParameter(name, typeof value === "number" ? TYPES.Int : TYPES.NVarChar, value);
  request.on("row", (columns) => rows.push(columns.map((c) => c.value)));
  connection.execSql(request);
});
connection.on("connect", async (error) => {
  if (error) {
    console.log(`refused ${error.code}`);
    process.exit(1);
  }
  await ask("SELECT @a + 1, @s", { a: 41, s: "h\u00e9llo \u96c1\u95e8" });
  await ask("SELECT * FROM nosuch");
  await ask("SELECT 'again'");
  for (const text of more) await ask(text);
  connection.close();
});
connection.connect();
