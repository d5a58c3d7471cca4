import { Client, type Options } from "./client.js";
import * as adminDocument from "./generated/admin.js";
import * as memberDocument from "./generated/member.js";
import * as merchantDocument from "./generated/merchant.js";

export { Client, type Answer, type Options } from "./client.js";
export { fetchTransport } from "./fetch.js";
export { label } from "./label.js";
export { NoAnswer, Problem, type ProblemCode } from "./problem.js";
export { Session, inMemory, type TokenStore, type Tokens } from "./session.js";
export type { FileSource, Reply, Request, Transport, Upload } from "./transport.js";
export { wxTransport, type Wx } from "./wx.js";

/** Types of what is sent and answered, `Member["CardDto"]`. */
export type Member = memberDocument.components["schemas"];
export type Merchant = merchantDocument.components["schemas"];
export type Admin = adminDocument.components["schemas"];

/** The member's app. */
export const memberClient = (options: Options) => new Client<memberDocument.operations>(memberDocument.routes, options);
/** A merchant's till and office. */
export const merchantClient = (options: Options) => new Client<merchantDocument.operations>(merchantDocument.routes, options);
/** The console of cadres, auditors and administrators. */
export const adminClient = (options: Options) => new Client<adminDocument.operations>(adminDocument.routes, options);
