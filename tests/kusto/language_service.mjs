// Microsoft's language service for Kusto, asked over standard input and output.
//
//   node language_service.mjs NODE_MODULES SCHEMAS
//
// SCHEMAS is a folder of TABLE.json files: {"source": …, "columns": {name: Kusto type}}.
// Each line in is {"query", "tables": [names], "workspaces": [ids]}: the tables that the workspace
// has, and the other workspaces, of the same tables, that `workspace("…")` reaches.
// Each line out is {"diagnostics": [{"severity", "code", "message", "text"}],
// "columns": {name: type} of the result, "strings": the text literals as Kusto reads them}.

import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";

const [modules, schemas] = process.argv.slice(2);
const require = createRequire(join(modules, "/"));
require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");
const { GlobalState, KustoCode, Symbols, Syntax } = globalThis.Kusto.Language;
const list = globalThis.Bridge.toArray;

const tables = new Map(
  readdirSync(schemas)
    .filter((file) => file.endsWith(".json"))
    .map((file) => {
      const { columns } = JSON.parse(readFileSync(join(schemas, file), "utf8"));
      const made = Object.entries(columns).map(([name, type]) => {
        const known = Symbols.ScalarTypes.GetSymbol(type);
        if (!known) throw new Error(`${file}: column ${name} has the unknown type ${type}`);
        return new Symbols.ColumnSymbol(name, known);
      });
      return [basename(file, ".json"), new Symbols.TableSymbol.$ctor4(basename(file, ".json"), made)];
    }),
);

// Azure Monitor adds `workspace()` to Kusto: like `database()`, it names where a table is.
const workspaceFunction = new Symbols.FunctionSymbol.$ctor2(
  "workspace",
  Symbols.ReturnTypeKind.Parameter0Database,
  [new Symbols.Parameter.$ctor2("identifier", Symbols.ScalarTypes.String)],
);
const kusto = GlobalState.Default.WithFunctions([
  ...list(GlobalState.Default.Functions),
  workspaceFunction,
]);

function world(names, workspaces) {
  const chosen = names.map((name) => {
    if (!tables.has(name)) throw new Error(`no schema of the table ${name}`);
    return tables.get(name);
  });
  const own = new Symbols.DatabaseSymbol.ctor("own", chosen);
  const others = workspaces.map((id) => new Symbols.DatabaseSymbol.ctor(id, [...tables.values()]));
  const cluster = new Symbols.ClusterSymbol.ctor("azure-monitor", [own, ...others]);
  return kusto.WithCluster(cluster).WithDatabase(own);
}

function answer({ query, tables: names, workspaces }) {
  const code = KustoCode.ParseAndAnalyze(query, world(names, workspaces));
  const diagnostics = list(code.GetDiagnostics()).map((found) => ({
    severity: found.Severity,
    code: found.Code,
    message: found.Message,
    text: query.slice(found.Start, found.Start + found.Length),
  }));
  const columns = list(code.ResultType?.Columns ?? []).map(({ Name, Type }) => [Name, Type.Name]);
  const strings = [];
  Syntax.SyntaxElement.WalkNodes(code.Syntax, (node) => {
    if (node.Kind === Syntax.SyntaxKind.StringLiteralExpression) strings.push(node.LiteralValue);
  });
  return { diagnostics, columns: Object.fromEntries(columns), strings };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`);
}
