// convert.mjs TOOL DOCUMENT OUT: a Postman collection of a document that the environment's address and people fill in.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const [tool, document, out] = process.argv.slice(2);
const { convertV2 } = createRequire(`${tool}/`)("openapi-to-postmanv2");
const options = { folderStrategy: "Tags", requestParametersResolution: "Example", exampleParametersResolution: "Example" };

// What goes into a path after such a part, as far as the demo has one.
const ids = { unions: "{{countyUnionId}}", merchants: "{{merchantId}}", branches: "{{branchId}}", campaigns: "{{standingOfferId}}", cards: "{{cardId}}" };
// Bodies with which the demo's people do the main job, in the order of docs/CLIENTS.md.
const device = { id: "postman-1", platform: "web" };
const consents = ["terms", "privacy"].map((document) => ({ document, version: "2026-01" }));
const bodies = {
  "POST /v1/auth/otp": { mobile: "{{memberMobile}}", purpose: "login" },
  "POST /v1/auth/login/otp": { mobile: "{{memberMobile}}", code: "{{code}}", device, consents },
  "POST /v1/auth/login/password": { realm: "merchant", username: "{{cashierUsername}}", password: "{{cashierPassword}}" },
  "POST /v1/me/real-name": { name: "{{memberName}}", id_type: "{{memberIdType}}", id_number: "{{memberIdNumber}}" },
  "POST /v1/merchant/verifications": { code: "{{qrCode}}" },
  "POST /v1/merchant/redemptions": { verification_token: "{{verificationToken}}", offer_id: "{{standingOfferId}}", amount_fen: 10000 },
};
// Development alone answers the first; the second keeps what the next request needs.
const before = `pm.sendRequest(pm.environment.get("baseUrl") + "/dev/outbox.json", (error, answer) => {
  if (error || answer.code !== 200) return;
  const sent = answer.json().items.find((one) => one.mobile === pm.environment.get("memberMobile"));
  if (sent) pm.environment.set("code", sent.params.code);
});`;
const after = `const etag = pm.response.headers.get("ETag");
if (etag) pm.environment.set("etag", etag);
if (pm.response.code < 300 && (pm.response.headers.get("Content-Type") || "").includes("json")) {
  const body = pm.response.json();
  if (body.access_token) pm.environment.set("accessToken", body.access_token);
  if (body.verification_token) pm.environment.set("verificationToken", body.verification_token);
  if (pm.request.url.getPath().endsWith("/v1/me/cards") && body.items.length) pm.environment.set("cardId", body.items[0].id);
  if (pm.request.url.getPath().endsWith("/qr") && body.codes) pm.environment.set("qrCode", body.codes[0].code);
}`;
const script = (listen, text) => ({ listen, script: { type: "text/javascript", exec: text.split("\n") } });

function fill({ request, event = [] }) {
  const path = request.url.path;
  const name = `${request.method} /${path.join("/")}`;
  // The collection's token, unless the operation takes none.
  if (request.auth) delete request.auth;
  else request.auth = { type: "noauth" };
  for (const header of request.header ?? []) {
    if (header.key === "Idempotency-Key") header.value = "{{$guid}}";
    if (header.key === "If-Match") header.value = "{{etag}}";
  }
  // Filters are there to be switched on.
  for (const query of request.url.query ?? []) query.disabled = !String(query.description?.content).startsWith("(Required)");
  for (const variable of request.url.variable ?? []) {
    variable.value = ids[path[path.indexOf(`:${variable.key}`) - 1]] ?? "";
  }
  if (bodies[name]) request.body.raw = JSON.stringify(bodies[name], null, 2);
  if (name === "POST /v1/auth/login/otp") event.push(script("prerequest", before));
  return event;
}

convertV2({ type: "string", data: readFileSync(document, "utf8") }, options, (error, result) => {
  if (error || !result.result) throw error ?? new Error(result.reason);
  const collection = result.output[0].data;
  collection.auth = { type: "bearer", bearer: [{ key: "token", value: "{{accessToken}}", type: "string" }] };
  collection.event = [script("test", after)];
  // The environment's address counts; a collection's own variable would come before it.
  delete collection.variable;
  const each = (items) => items.forEach((item) => (item.item ? each(item.item) : (item.event = fill(item))));
  each(collection.item);
  writeFileSync(out, `${JSON.stringify(collection, null, 1)}\n`);
});
