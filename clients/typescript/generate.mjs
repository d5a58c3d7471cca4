// Writes src/generated/: the types of the four documents, how each operation is reached, and the codes of problems.
// Documents are those of this repository; UNIONHALL_OPENAPI names another folder.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const here = fileURLToPath(new URL(".", import.meta.url));
const documents = process.env.UNIONHALL_OPENAPI ?? `${here}../../openapi`;
const out = `${here}src/generated`;
const f = ts.factory;

// `"A" | "B" | (string & {})`: editors offer what is known, and the compiler asks what happens to the rest.
function openEnum(values) {
  const known = values.filter((value) => value !== null);
  const types = known.map((value) => f.createLiteralTypeNode(f.createStringLiteral(value)));
  const other = f.createIntersectionTypeNode([
    f.createKeywordTypeNode(ts.SyntaxKind.StringKeyword),
    f.createTypeLiteralNode([]),
  ]);
  const none = known.length < values.length ? [f.createLiteralTypeNode(f.createNull())] : [];
  return f.createUnionTypeNode([...types, other, ...none]);
}

// Marks what answers hold: an enum there may have a value tomorrow that is not in the document today.
function markAnswers(document) {
  const seen = new Set();
  const walk = (value) => {
    if (value === null || typeof value !== "object") return;
    if (Array.isArray(value.enum)) value["x-answer"] = true;
    if (typeof value.$ref === "string" && !seen.has(value.$ref)) {
      seen.add(value.$ref);
      walk(value.$ref.slice(2).split("/").reduce((at, name) => at[name], document));
    }
    Object.values(value).forEach(walk);
  };
  for (const item of Object.values(document.paths)) for (const operation of Object.values(item)) walk(operation.responses);
}

function routes(document) {
  const found = {};
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const takesKey = (operation.parameters ?? []).some((p) => p.in === "header" && p.name === "Idempotency-Key");
      const success = Object.entries(operation.responses).filter(([status]) => status.startsWith("2"));
      const media = success.flatMap(([, response]) => Object.keys(response.content ?? {}));
      found[operation.operationId] = {
        method: method.toUpperCase(),
        path,
        auth: operation.security !== undefined,
        key: takesKey,
        bytes: media.some((kind) => !kind.endsWith("json")),
        body: Object.keys(operation.requestBody?.content ?? {})[0] ?? null,
      };
    }
  }
  return found;
}

const codes = new Set();
mkdirSync(out, { recursive: true });
for (const name of ["member", "merchant", "lawyer", "recruiter", "admin", "partner"]) {
  const document = JSON.parse(readFileSync(`${documents}/${name}.json`, "utf8"));
  const text = JSON.stringify(Object.values(document.paths).flatMap(Object.values).flatMap((o) => Object.entries(o.responses))
    .filter(([status]) => !status.startsWith("2")).map(([, response]) => response.description));
  for (const [, code] of text.matchAll(/`([A-Z][A-Z_]+)`/g)) codes.add(code);
  const table = `export const routes = ${JSON.stringify(routes(document), null, 1)} as const;\n`;
  markAnswers(document);
  const types = await openapiTS(document, {
    transform(schema) {
      if (schema.format === "binary") return f.createTypeReferenceNode("ArrayBuffer");
      return schema["x-answer"] ? openEnum(schema.enum) : undefined;
    },
  });
  writeFileSync(`${out}/${name}.ts`, `// Generated from ${name}.json.\n${astToString(types)}\n${table}`);
}
const union = [...codes].sort().map((code) => `  | "${code}"`).join("\n");
writeFileSync(`${out}/codes.ts`, `// Generated from the documents.\n/** Codes that a problem or one of its fields may have; there may be others tomorrow. */\nexport type ProblemCode =\n${union}\n  | (string & {});\n`);
