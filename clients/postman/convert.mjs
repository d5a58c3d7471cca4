// convert.mjs TOOL DOCUMENT OUT: a Postman collection of a document, with its token and address from the environment.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const [tool, document, out] = process.argv.slice(2);
const { convertV2 } = createRequire(`${tool}/`)("openapi-to-postmanv2");
const options = { folderStrategy: "Tags", requestParametersResolution: "Example", exampleParametersResolution: "Example", optimizeConversion: false };

convertV2({ type: "string", data: readFileSync(document, "utf8") }, options, (error, result) => {
  if (error || !result.result) throw error ?? new Error(result.reason);
  const collection = result.output[0].data;
  collection.auth = { type: "bearer", bearer: [{ key: "token", value: "{{accessToken}}", type: "string" }] };
  // The environment's address counts; a collection's own variable would come before it.
  delete collection.variable;
  const each = (items) => items.forEach((item) => {
    if (item.item) return each(item.item);
    // The collection's token, unless the operation takes none.
    if (item.request.auth) delete item.request.auth;
    else item.request.auth = { type: "noauth" };
    for (const header of item.request.header ?? []) if (header.key === "Idempotency-Key") header.value = "{{$guid}}";
  });
  each(collection.item);
  writeFileSync(out, `${JSON.stringify(collection, null, 1)}\n`);
});
