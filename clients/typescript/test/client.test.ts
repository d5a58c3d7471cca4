// What the client does with answers that are rare, from a server that gives them on purpose.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  NoAnswer, Problem, Session, adminClient, fetchTransport, inMemory, label, memberClient, merchantClient, wxTransport,
  type Options,
} from "../src/index.js";
import { serve, wx } from "./stand-ins.js";

const waits: number[] = [];
function options(baseUrl: string, more: Partial<Options> = {}): Options {
  const sleep = async (milliseconds: number) => void waits.push(milliseconds);
  return { baseUrl, transport: fetchTransport(), sleep, ...more };
}
const session = (access: string) => new Session(inMemory({ access_token: access, refresh_token: "r1" }), "phone-1");
const sale = { verification_token: "v", offer_id: "0192f0c1-0000-7000-8000-000000000001", amount_fen: 10_000 };

test("a value that no document knew is shown as unknown", async (t) => {
  const card = { id: "1", number: "41", kind: "WATCH", state: "FROZEN_BY_COURT", state_text: "司法冻结", valid_from: "2026-01-01", valid_to: "2026-12-31", colour: "gold" };
  const { baseUrl } = await serve(t, (_, respond) => respond(200, { items: [card], next: null }));
  const { data } = await memberClient(options(baseUrl, { session: session("a") })).call("list_my_cards", {});
  const [first] = data.items;
  assert.equal(first?.state, "FROZEN_BY_COURT");
  assert.equal(label(first.state, { ACTIVE: "正常", LOST: "已挂失" }, "其他状态"), "其他状态");
  assert.equal(label("ACTIVE", { ACTIVE: "正常" }), "正常");
  assert.equal(label("toString", { ACTIVE: "正常" }), "未知");
});

test("a refusal is an error with its code, also one that came after this app", async (t) => {
  const body = { type: "urn:unionhall:problem:ECLIPSE", title: "t", status: 409, detail: "日食期间不可用。", code: "ECLIPSE", request_id: null };
  const { baseUrl, asked } = await serve(t, (_, respond) => respond(409, body));
  const merchant = merchantClient(options(baseUrl, { session: session("a") }));
  await assert.rejects(merchant.call("redeem_offer", { body: sale }), (error: unknown) => {
    assert(error instanceof Problem);
    assert.deepEqual([error.status, error.code, error.message], [409, "ECLIPSE", "日食期间不可用。"]);
    return true;
  });
  assert.equal(asked.length, 1, "what is refused is not asked again");
});

test("a lost answer is asked for with the same key, and the wait is the one that is told", async (t) => {
  let tries = 0;
  const { baseUrl, asked } = await serve(t, (_, respond, res) => {
    tries += 1;
    if (tries === 1) res.destroy();
    else if (tries === 2) respond(409, { status: 409, code: "IN_PROGRESS" }, { "retry-after": "2" });
    else if (tries === 3) res.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad gateway</h1>");
    else respond(201, { id: "1", receipt_no: "R1" });
  });
  waits.length = 0;
  const merchant = merchantClient(options(baseUrl, { session: session("a") }));
  const { data } = await merchant.call("redeem_offer", { body: sale });
  assert.equal(data.receipt_no, "R1");
  assert.equal(new Set(asked.map((seen) => seen.headers["idempotency-key"])).size, 1);
  assert.equal(new Set(asked.map((seen) => seen.body)).size, 1);
  assert.deepEqual(waits, [500, 2000, 2000]);
});

test("what takes no key is not sent twice when its answer is lost", async (t) => {
  const { baseUrl, asked } = await serve(t, (_, _respond, res) => res.destroy());
  const member = memberClient(options(baseUrl));
  await assert.rejects(member.call("request_otp", { body: { mobile: "13800138000", purpose: "login" } }), NoAnswer);
  assert.equal(asked.length, 1);
  await assert.rejects(member.call("app_config", {}), NoAnswer);
  assert.equal(asked.length, 5, "a read is tried four times");
});

test("a short wait is kept to, a long one is the person's", async (t) => {
  let seconds = "3";
  const { baseUrl, asked } = await serve(t, (_, respond) => {
    if (asked.length === 2) respond(202, { expires_in: 300, resend_after: 60 });
    else respond(429, { status: 429, code: "RATE_LIMITED" }, { "retry-after": seconds });
  });
  const member = memberClient(options(baseUrl));
  const body = { mobile: "13800138000", purpose: "login" as const };
  assert.equal((await member.call("request_otp", { body })).data.resend_after, 60);
  seconds = "47";
  await assert.rejects(member.call("request_otp", { body }), (error: unknown) => error instanceof Problem && error.retryAfter === 47);
  assert.equal(asked.length, 3);
});

test("ten requests with an expired token make one refresh", async (t) => {
  const { baseUrl, asked } = await serve(t, (seen, respond, res) => {
    const refreshes = asked.filter((before) => before.url === "/v1/auth/refresh").length;
    // The first answer of the refresh is lost; the same device is given the same again.
    if (seen.url === "/v1/auth/refresh" && refreshes === 1) res.destroy();
    else if (seen.url === "/v1/auth/refresh") respond(200, { access_token: "new", refresh_token: "r2", expires_in: 900, token_type: "Bearer" });
    else if (seen.headers.authorization === "Bearer new") respond(200, { unread_count: 0 });
    else respond(401, { status: 401, code: "TOKEN_EXPIRED" });
  });
  const login = session("old");
  const member = memberClient(options(baseUrl, { session: login }));
  await Promise.all(Array.from({ length: 10 }, () => member.call("get_home", {})));
  const refreshes = asked.filter((seen) => seen.url === "/v1/auth/refresh");
  assert.deepEqual(refreshes.map((seen) => JSON.parse(seen.body)), Array(2).fill({ refresh_token: "r1", device_id: "phone-1" }));
  assert(refreshes.every((seen) => seen.headers.authorization === undefined));
  assert.deepEqual(await login.tokens(), { access_token: "new", refresh_token: "r2" });
});

test("a session that is over is forgotten, and says so", async (t) => {
  const { baseUrl } = await serve(t, (seen, respond) =>
    respond(401, { status: 401, code: seen.url === "/v1/auth/refresh" ? "REFRESH_INVALID" : "TOKEN_EXPIRED" }));
  const login = session("old");
  const member = memberClient(options(baseUrl, { session: login }));
  await assert.rejects(member.call("get_home", {}), (error: unknown) => error instanceof Problem && error.code === "REFRESH_INVALID");
  assert.equal(await login.tokens(), undefined);
});

test("a mini-program patches by POST, and sends the version it read", async (t) => {
  const { baseUrl, asked } = await serve(t, (seen, respond) =>
    respond(200, { id: "7" }, { ETag: seen.method === "GET" ? '"1"' : '"2"' }));
  const admin = adminClient(options(baseUrl, { session: session("a"), transport: wxTransport(wx) }));
  const read = await admin.call("get_merchant", { path: { id: "a/b" } });
  assert.equal(read.etag, '"1"');
  const changed = await admin.call("change_merchant", { path: { id: "a/b" }, ifMatch: read.etag ?? "", body: { category: "餐饮" } });
  assert.equal(changed.etag, '"2"');
  const sent = asked[1];
  assert.deepEqual([sent?.method, sent?.url], ["POST", "/v1/admin/merchants/a%2Fb"]);
  assert.deepEqual([sent?.headers["x-http-method-override"], sent?.headers["if-match"]], ["PATCH", '"1"']);
  assert.equal(sent?.headers["content-type"], "application/merge-patch+json");
});

test("a list goes on until its end", async (t) => {
  const { baseUrl, asked } = await serve(t, (seen, respond) =>
    seen.url.includes("after=c%2F1") ? respond(200, { items: [{ id: "3" }], next: null }) : respond(200, { items: [{ id: "1" }, { id: "2" }], next: "c/1" }));
  const member = memberClient(options(baseUrl, { session: session("a") }));
  const ids: string[] = [];
  for await (const card of member.each("list_own_redemptions", { query: { limit: 2 } })) ids.push(card.id);
  assert.deepEqual(ids, ["1", "2", "3"]);
  assert.deepEqual(asked.map((seen) => seen.url), ["/v1/me/redemptions?limit=2", "/v1/me/redemptions?limit=2&after=c%2F1"]);
});

test("a file goes up as a form and comes down as bytes", async (t) => {
  const png = new Uint8Array([0x89, 0x50, 0x00, 0xff]);
  const { baseUrl, asked } = await serve(t, (seen, respond, res) => {
    if (seen.method === "POST") respond(201, { id: "f1" });
    else res.writeHead(200, { "content-type": "application/octet-stream" }).end(png);
  });
  const admin = adminClient(options(baseUrl, { session: session("a") }));
  const { data } = await admin.upload("correction_evidence", new Blob([png]));
  assert.equal(data.id, "f1");
  assert.match(asked[0]?.headers["content-type"] ?? "", /^multipart\/form-data; boundary=/);
  assert.match(asked[0]?.body ?? "", /name="purpose"\r\n\r\ncorrection_evidence\r\n[^]*name="file"/);
  for (const transport of [fetchTransport(), wxTransport(wx)]) {
    const reader = adminClient(options(baseUrl, { session: session("a"), transport }));
    const file = await reader.call("get_export_file", { path: { id: "e1" } });
    assert.deepEqual(new Uint8Array(file.data), png);
  }
});

// Never run: what the compiler must refuse. An unused expectation fails the build.
export async function refused(baseUrl: string): Promise<void> {
  const member = memberClient(options(baseUrl));
  // @ts-expect-error no such operation
  await member.call("get_moon", {});
  // @ts-expect-error the card is not named
  await member.call("get_card_qr", {});
  // @ts-expect-error the body is missing
  await member.call("verify_real_name", {});
  // @ts-expect-error a number is no text
  await member.call("verify_real_name", { body: { name: "王小明", id_type: "citizen_id", id_number: 41 } });
  // @ts-expect-error what a cadre changes is read first
  await adminClient(options(baseUrl)).call("change_merchant", { path: { id: "1" }, body: {} });
  const { data } = await member.call("list_my_cards", {});
  // @ts-expect-error no such field
  data.items[0]?.colour;
}
