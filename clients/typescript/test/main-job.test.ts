// The main job against a server: a member in a mini-program, a cashier in a browser. Whom there is to be, UNIONHALL_WORLD says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem, Session, fetchTransport, inMemory, label, memberClient, merchantClient, wxTransport } from "../src/index.js";
import { wx } from "./stand-ins.js";

interface World {
  base_url: string;
  member: { mobile: string; name: string; id_type: "citizen_id"; id_number: string };
  cashier: { username: string; password: string };
}

const text = process.env["UNIONHALL_WORLD"];

async function sentTo(baseUrl: string, mobile: string): Promise<string> {
  const answer = await fetch(`${baseUrl}/dev/outbox.json`);
  const { items } = (await answer.json()) as { items: { mobile: string; params: { code?: string } }[] };
  const code = items.find((sent) => sent.mobile === mobile)?.params.code;
  assert(code, `a code was sent to ${mobile}`);
  return code;
}

async function moveClock(baseUrl: string, body: unknown): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return fetch(`${baseUrl}/dev/clock`, { method: "POST", headers, body: JSON.stringify(body) });
}

test("from the first screen to a receipt", { skip: text === undefined && "UNIONHALL_WORLD is not set" }, async () => {
  const { base_url: baseUrl, member: who, cashier: staff } = JSON.parse(text ?? "") as World;

  // The member's mini-program.
  const login = new Session(inMemory(), "mini-1");
  const member = memberClient({ baseUrl, transport: wxTransport(wx), session: login, client: "mini-program/1.0.0 wechat" });
  const { data: config } = await member.call("app_config", {});
  assert.equal(config.environment, "development");
  await member.call("request_otp", { body: { mobile: who.mobile, purpose: "login" } });
  const { data: tokens } = await member.call("login_otp", {
    body: {
      mobile: who.mobile,
      code: await sentTo(baseUrl, who.mobile),
      device: { id: login.deviceId, platform: "wechat" },
      consents: config.consents.filter((c) => c.required).map(({ document, version }) => ({ document, version })),
    },
  });
  await login.keep(tokens);
  const { name, id_type, id_number } = who;
  const { data: claim } = await member.call("verify_real_name", { body: { name, id_type, id_number } });
  assert.equal(claim.outcome, "matched");
  const { data: cards } = await member.call("list_my_cards", {});
  const [card] = cards.items;
  assert(card);
  assert.equal(label(card.state, { ACTIVE: "正常" }), "正常");
  const { data: qr } = await member.call("get_card_qr", { path: { id: card.id }, query: { count: 2 } });
  const [now, next] = qr.codes;
  assert(now && next && now.code !== next.code);

  // A request of a signed-out app is refused as a problem, in words for people.
  await assert.rejects(memberClient({ baseUrl, transport: fetchTransport() }).call("get_me", {}), (error: unknown) => {
    assert(error instanceof Problem);
    assert.deepEqual([error.status, error.code], [401, "UNAUTHENTICATED"]);
    assert.match(error.message, /登录/);
    return true;
  });

  // The till.
  const shift = new Session(inMemory(), "till-1");
  const till = merchantClient({ baseUrl, transport: fetchTransport(), session: shift });
  await shift.keep((await till.call("login_password", { body: { realm: "merchant", ...staff } })).data);
  const { data: bad } = await till.call("verify_card", { body: { code: "nonsense" } });
  assert.deepEqual([bad.valid, bad.reason], [false, "code_invalid"]);
  const { data: verified } = await till.call("verify_card", { body: { code: now.code } });
  assert(verified.valid && verified.verification_token);
  const [offer] = verified.offers;
  assert(offer);
  const sale = { verification_token: verified.verification_token, offer_id: offer.offer_id, amount_fen: 10_000 };
  // Kept by the till until there is an answer.
  const key = `till-1-${Date.now()}`;
  const { data: receipt, status } = await till.call("redeem_offer", { body: sale, key });
  assert.equal(status, 201);
  assert.equal(receipt.original_fen, 10_000);
  assert.equal(receipt.payable_fen, receipt.original_fen - receipt.benefit_fen);

  // The same request again is the same receipt; another one finds the code used.
  const { data: again } = await till.call("redeem_offer", { body: sale, key });
  assert.deepEqual(again, receipt);
  await assert.rejects(till.call("redeem_offer", { body: sale }), (error: unknown) => error instanceof Problem && error.code === "CARD_QR_USED");
  const { data: own } = await member.call("list_own_redemptions", {});
  assert.deepEqual(own.items.map((item) => item.id), [receipt.id]);

  // An hour later the access tokens are too old; the client refreshes them, and the old code is dead.
  const moved = await moveClock(baseUrl, { advance_seconds: 3600 });
  assert.equal(moved.status, 200);
  const before = await login.tokens();
  await member.call("get_home", {});
  assert.notEqual((await login.tokens())?.access_token, before?.access_token);
  const { data: late } = await till.call("verify_card", { body: { code: next.code } });
  assert.deepEqual([late.valid, late.reason], [false, "expired"]);
});
