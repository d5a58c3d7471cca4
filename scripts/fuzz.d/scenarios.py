"""What an operation needs so that it can succeed. A scenario makes its precondition and names what the request must say:
`by` whose token it carries, `body` its body, `query` its query, and path parameters by their names. `...` stands for what was
generated; what a scenario does not name stays as generated, too."""

import secrets
import time
import urllib.parse

import counsel
from world import COUNTY, PASSWORD, PIN, System, mobile, roster, statement, username

DEVICE = {"id": "fuzz", "platform": "web"}
PURPOSES = {"member": "correction_evidence", "recruiter": "recruiter_licence"}


def login_with_code(world):
    number = mobile()
    return {"body": {"mobile": number, "code": world.code(number, "login"), "device": DEVICE, "consents": []}}


def login_from_wechat(world):
    return {"body": {"js_code": secrets.token_hex(8), "phone_code": mobile(), "device": DEVICE, "consents": []}}


def bound_to_wechat(world):
    return {"by": world.mini()}


def login_with_password(world):
    who = world.keep("known", world.staff)
    return {"body": {"realm": "merchant", "username": who["username"], "password": PASSWORD}}


def own_session(world):
    sessions = world.call("GET", "/v1/auth/sessions", by=world.spare())["items"]
    return {"by": world.spare(), "id": next(session["id"] for session in sessions if session["current"])}


def own_role(world):
    roles = world.call("GET", "/v1/auth/roles", by=world.spare())["items"]
    return {"by": world.spare(), "body": {"role_id": roles[0]["role_id"]}}


def own_card(world):
    holder = world.holder()
    return {"by": holder["session"], "id": holder["card"]}


def lost_card(world):
    holder = world.holder()
    world.call("POST", f"/v1/me/cards/{holder['card']}/report-loss", {}, holder["session"])
    return {"by": holder["session"], "id": holder["card"], "body": {"code": world.code(holder["mobile"], "confirm")}}


def given_consent(world):
    world.call("POST", "/v1/me/consents", {"document": "notifications", "version": "2026-01"}, world.main)
    return {"document": "notifications"}


def real_name(world):
    who = world.on_roster()
    return {"by": world.member(who["mobile"]), "body": {key: who[key] for key in ("name", "id_type", "id_number")}}


def own_application(world):
    target, applicant = world.application()
    return {"by": applicant, "id": target}


def returned_application(world):
    scene = own_application(world)
    world.step(f"/v1/admin/join-applications/{scene['id']}/return", world.leader, reason="请补充")
    return {**scene, "body": statement()}


def verified_card(world):
    token = world.call("POST", "/v1/merchant/verifications", world.shown(world.holder()), world.main)["verification_token"]
    body = {"verification_token": token, "offer_id": world.offer(), "branch_id": world.shop()["branch_id"], "amount_fen": 10_000}
    return {"body": body}


def readable_file(world):
    return {"body": {"file": roster(world.people()), "kind": "members", "union_id": world.union, "mode": "upsert"}}


def granted_post(world):
    return {"id": world.call("POST", "/v1/admin/invitations", world.invitation(), world.leader)["id"]}


def frozen_member(world):
    target = world.member_id()
    world.step(f"/v1/admin/members/{target}/freeze", world.leader, reason="待核实")
    return {"id": target}


def suspended_merchant(world):
    target = world.merchant()
    world.step(f"/v1/admin/merchants/{target}/suspend", world.leader, reason="整改")
    return {"id": target}


def appealing(world):
    """A suspended merchant of its own, and its manager."""
    target, manager = world.managed()
    world.step(f"/v1/admin/merchants/{target}/suspend", world.officer, reason="整改")
    return {"by": manager, "id": target}


def appealed(world):
    scene = appealing(world)
    world.call("POST", "/v1/merchant/appeals", {"statement": "与事实不符"}, scene["by"], idempotency_key="fuzz")
    return scene


def staff_to_be(world):
    body = {"name": ..., "username": username(), "mobile": mobile(), "role": "staff", "branch_id": world.shop()["branch_id"]}
    return {"id": world.shop()["merchant_id"], "body": body}


def lost_phone(world):
    new, who = mobile(), world.on_roster()
    return {"body": {"mobile": new, "code": world.code(new, "apply"), **{key: who[key] for key in ("name", "id_type", "id_number")}}}


def mobile_change(world):
    world.call("POST", "/v1/public/mobile-changes", lost_phone(world)["body"])
    return {"id": world.call("GET", "/v1/admin/mobile-changes?limit=100", by=world.leader)["items"][-1]["id"]}


def other_mobile(world):
    old, new = mobile(), mobile()
    by = world.member(old)
    codes = {"code": world.code(old, "confirm"), "new_code": world.code(new, "new_mobile", by=by)}
    return {"by": by, "body": {**codes, "new_mobile": new}}


def correction_body(world, by):
    return {"fields": {"job": "钳工"}, "evidence_file_ids": [world.file(by, "correction_evidence")], "reason": "写错"}


def correction_to_be(world):
    by = world.holder()["session"]
    return {"by": by, "body": correction_body(world, by)}


def own_correction(world):
    by = world.holder()["session"]
    made = world.call("POST", "/v1/me/corrections", correction_body(world, by), by, idempotency_key="fuzz")
    return {"by": by, "id": made["id"]}


def linked_file(world):
    evidence = world.call("GET", f"/v1/admin/corrections/{own_correction(world)['id']}/evidence", by=world.leader)
    link = urllib.parse.urlsplit(evidence["files"][0]["url"])
    return {"id": link.path.rsplit("/", 1)[1], "query": dict(urllib.parse.parse_qsl(link.query))}


def own_file(world):
    """Of somebody who has not as many waiting as one may."""
    by = {"member": world.member, "merchant": world.applicant, "recruiter": world.recruiting,
          "admin": lambda: world.officer}[world.audience]()
    return {"by": by, "id": world.file(by, PURPOSES.get(world.audience, "merchant_licence"))}


def given_code(world):
    holder = world.customer()
    body = {"campaign_id": world.pool("submit", "approve")}
    return {"by": holder["session"], "id": world.call("POST", "/v1/me/coupons", body, holder["session"], idempotency_key=secrets.token_hex(8))["id"]}


def first_application(world):
    number = mobile()
    return {"body": {"mobile": number, "code": world.code(number, "apply", "merchant"), "device": DEVICE}}


def merchant_application_to_be(world):
    by = world.applicant()
    return {"by": by, "body": {"name": ..., **world.merchant_application_terms(by)}}


def own_merchant_application(world, verified=False):
    target, applicant = world.merchant_application(verified)
    return {"by": applicant, "id": target}


def first_recruiter_application(world):
    number = mobile()
    return {"body": {"mobile": number, "code": world.code(number, "apply", "recruiter"), "device": DEVICE}}


def recruiter_application_to_be(world):
    by = world.recruiting()
    return {"by": by, "body": {**world.recruiter_terms(by), "name": ..., "about": ...}}


def own_recruiter_application(world):
    made, by = world.recruiter_application()
    return {"by": by, "id": made}


def own_job_application(world, *steps):
    made, by = world.job_application(*steps)
    return {"by": by, "id": made}


def own_job_alert(world):
    by = world.holder()["session"]
    return {"by": by, "id": world.call("POST", "/v1/me/job-alerts", {"name": "车工"}, by, idempotency_key="fuzz")["id"]}


def candidate(world, *steps):
    made, _ = world.job_application(*steps)
    return {"by": world.keep("employer", world.recruiter), "id": made}


def own_posting(world, *steps):
    made = world.posting(*steps)
    return {"by": world.keep("employer", world.recruiter), "id": made}


def pin_to_be(world):
    by, number, _ = world.cashier()
    return {"by": by, "body": {"pin": PIN, "code": world.code(number, "confirm", "merchant")}}


def place_to_be(world):
    by, _, place = world.taken_on()
    return {"by": by, "id": place}


def own_till(world):
    manager = world.manager()
    return {"by": manager, "id": world.till(manager)}


def shown_till_staff(world):
    return {"by": own_till(world)["by"]}


def shared_till(world):
    """Somebody is at a till that another takes over."""
    own, number, place = world.cashier()
    world.pin(own, number)
    manager = world.manager()
    world.till(manager)
    return {"by": manager, "body": {"role_id": place, "pin": PIN}}


def leaver(world):
    number = mobile()
    by = world.member(number)
    return {"by": by, "body": {"code": world.code(number, "confirm")}}


def left(world):
    scene = leaver(world)
    world.call("POST", "/v1/me/account-closing", scene["body"], scene["by"])
    return {"by": scene["by"]}


def new_export(world, kind="unions", full=False):
    """Of a union of its own: the same of another's is not asked for twice at once."""
    union = world.call("POST", "/v1/admin/unions", {"name": "工会委员会", "parent_id": world.union, "org_type": "1"}, world.leader)["id"]
    return {"kind": kind, "format": "csv", "union_id": union, "full": full, "reason": "核对名单"}


def made_export(world):
    made = world.call("POST", "/v1/admin/exports", new_export(world), world.leader)["id"]
    path = f"/v1/admin/exports/{made}"
    world.until(lambda: world.call("GET", path, by=world.leader)["state"], lambda found: found == "READY")
    return {"by": world.leader, "id": made}


def export_to_decide(world):
    """Of the city's leader, for that of the county."""
    above = world.keep("above", lambda: world.cadre("zhengzhou.leader"))
    made = world.call("POST", "/v1/admin/exports", new_export(world, "members", full=True), above)["id"]
    path = f"/v1/admin/exports/{made}"
    world.until(lambda: world.call("GET", path, by=world.leader)["state"], lambda found: found == "AWAITING_APPROVAL")
    return {"by": world.leader, "id": made}


def leaver_proposal(world):
    target = world.member_id()
    world.call("POST", "/v1/admin/members/batch", {"ids": [target], "action": "propose_retire", "reason": "已退休"}, world.officer)
    items = world.call("GET", "/v1/admin/leaver-proposals?limit=100", by=world.officer)["items"]
    return {"id": next(item["id"] for item in items if item["member_id"] == target)}


def module_plan(world):
    """Of the county: what its own random requests say lies below."""
    return {"by": world.keep("system", lambda: world.cadre("henan.system_admin")), "id": world.union}


def released_device(world):
    """The first of two, bound a minute after the other, since codes are sent once a minute; a second time it is gone already."""
    who, session, since = world.chair_at_first
    if since:
        time.sleep(max(0, 61 - (time.monotonic() - since)))
        code = world.call("POST", "/v1/auth/bound-devices", {}, session)["code"]
        world.first_device = session.device["id"]
        session = world.chair_login(who, binding_code=code)
        world.chair_at_first = who, session, None
    return {"by": session, "body": {"device_id": world.first_device}}


def helped(world):
    return {"member_id": world.member_id(), "way": "counter", "form_file_id": world.file(world.officer, "on_behalf_form"), "reason": "到柜台办理"}


def device_to_be(world):
    by = world.member()
    return {"by": by, "id": by.device["id"], "body": {"platform": "android", "channel": "huawei", "push_token": ...}}


def registered_device(world, platform="android", channel="huawei"):
    by = world.member()
    body = {"platform": platform, "channel": channel, "push_token": secrets.token_hex(16)}
    world.call("PUT", f"/v1/me/devices/{by.device['id']}", body, by)
    return {"by": by, "id": by.device["id"]}


def own_message(world):
    """Of the card that the worker tells of a moment after it was issued."""
    by = world.holder()["session"]
    inbox = world.until(lambda: world.call("GET", "/v1/me/inbox", by=by)["items"], bool)
    return {"by": by, "id": inbox[0]["id"]}


def offered_delegation(world, accepted=False):
    """A member of one's, and the relative whom they named."""
    member, relative = world.holder(), world.holder()
    body = {"mobile": relative["mobile"], "relation": "child", "scopes": ["view"], "expires_on": str(world.today()),
            "code": world.code(member["mobile"], "confirm")}
    made = world.call("POST", "/v1/me/delegates", body, member["session"])["id"]
    if accepted:
        world.call("POST", f"/v1/me/delegations/{made}/accept", {}, relative["session"])
    return member["session"], relative["session"], made


def delegate_to_be(world):
    member = world.holder()
    body = {"mobile": mobile(), "relation": "child", "scopes": ["view"], "expires_on": str(world.today()),
            "code": world.code(member["mobile"], "confirm")}
    return {"by": member["session"], "body": body}


def named_delegate(world):
    member, _, made = offered_delegation(world)
    return {"by": member, "id": made}


def received_delegation(world, accepted=False):
    _, relative, made = offered_delegation(world, accepted)
    return {"by": relative, "id": made}


def waiting_partner(world):
    return {"by": world.approver(), "id": world.system(approved=False).id}


def partner(world, *steps):
    return {"by": world.officer, "id": world.system(*steps).id}


def partner_key(world):
    scene = partner(world)
    keys = world.call("GET", f"/v1/admin/partners/{scene['id']}", by=world.officer)["keys"]
    return {**scene, "key_id": keys[0]["id"]}


def known_subject(world):
    system = world.keep("system", world.system)
    return {"id": system.id, "body": {"subject": world.subject(system), "reason": "投诉核实"}}


def agreed_partner(world):
    system, holder = world.keep("system", world.system), world.holder()
    world.ticket(system, holder)
    return {"by": holder["session"], "id": system.id}


def retained_member(world):
    target = world.member_id()
    world.step(f"/v1/admin/members/{target}/retain", world.leader, kind="retire", reason="办理退休")
    return {"id": target}


def bound_member(world):
    """Of somebody with an account."""
    who = world.holder()
    return {"id": world.call("POST", "/v1/admin/members/search", {"mobile": who["mobile"]}, world.leader)["items"][0]["id"]}


def revoked_card(world):
    card = world.holder()["card"]
    world.step(f"/v1/admin/cards/{card}/revoke", world.leader, reason="误操作")
    return {"id": card}


def law_parameter():
    return {"key": "local_average_wage", "region": "410100", "valid_from": "2030-01-01", "valid_to": "2030-12-31",
            "value": {"month_fen": 700000}, "source": "统计局公报"}


def entered_parameter(world):
    return {"id": world.call("POST", "/v1/admin/law-parameters", law_parameter(), world.lawyer())["id"]}


INJURY = {"on": "2025-06-30", "grade": 9, "own_wage_fen": 600000, "local_average_wage_fen": 700000}
PROBATION = {"term": "open_ended", "starts_on": "2026-01-01", "agreed_months": 6, "full_wage_fen": 500000, "wage_class": 1}
SEVERANCE = {"hired_on": "2018-03-01", "ended_on": "2026-08-31", "average_wage_fen": 800000, "local_average_wage_fen": 700000,
             "wage_class": 1}

SCENARIOS = {
    "activate_account": lambda w: {"body": {**w.activation(w.invited()), "password": ...}},
    "request_otp": lambda w: {"body": {"mobile": mobile(), "purpose": ...}},
    "login_otp": login_with_code,
    "login_wechat": login_from_wechat,
    "get_my_wechat unbind_my_wechat": bound_to_wechat,
    "login_password": login_with_password,
    "refresh": lambda w: {"body": w.clerk(w.keep("clerk", w.staff)).renewal()},
    "change_password": lambda w: {"by": w.clerk(w.staff()), "body": {"present": PASSWORD, "new": ...}},
    "end_session": own_session,
    "switch_role": own_role,
    "get_code_table": lambda w: {"name": "employment_form"},
    "search_unions": lambda w: {"query": {"q": "中原"}},
    "get_card_qr issue_till_code report_my_card_lost": own_card,
    "my_card_found replace_my_card": lost_card,
    "give_consent": lambda w: {"body": {"document": "notifications", "version": "2026-01"}},
    "withdraw_consent": given_consent,
    "claim_coupon": lambda w: {"body": {"campaign_id": w.pool("submit", "approve")}},
    "create_join_application": lambda w: {"by": w.member(), "body": {"union_id": w.union, "statement": statement()}},
    "get_my_join_application withdraw_join_application": own_application,
    "resubmit_join_application": returned_application,
    "verify_real_name": real_name,
    "create_correction": correction_to_be,
    "get_my_correction withdraw_correction": own_correction,
    "get_correction get_correction_evidence approve_correction reject_correction": lambda w: {"id": own_correction(w)["id"]},
    "ask_account_closing copy_my_data": leaver,
    "get_account_closing cancel_account_closing": left,
    "change_mobile": other_mobile,
    "request_mobile_change": lost_phone,
    "get_mobile_change approve_mobile_change reject_mobile_change": mobile_change,
    "list_branch_offers": lambda w: {"by": w.customer()["session"], "query": {"branch_code": w.shop()["branch_code"]}},
    "redeem_at_branch": lambda w: {"by": w.customer()["session"], "body": w.purchase()},
    "get_own_redemption": lambda w: {"by": w.customer()["session"], "id": w.redemption()},
    "get_till_redemption void_till_redemption void_redemption": lambda w: {"id": w.redemption()},
    "verify_card": lambda w: {"body": w.shown(w.customer())},
    "redeem_offer": verified_card,
    "list_audit_events": lambda w: {"by": w.keep("auditor", lambda: w.cadre("henan.auditor"))},
    "create_campaign": lambda w: {"body": {"title": ..., **w.campaign_terms()}},
    "change_campaign": lambda w: {"id": w.campaign(), "body": {"title": "会员卡立减6元"}},
    "get_campaign submit_campaign": lambda w: {"id": w.campaign()},
    "approve_campaign return_campaign": lambda w: {"id": w.campaign("submit")},
    "pause_campaign": lambda w: {"id": w.campaign("submit", "approve")},
    "resume_campaign": lambda w: {"id": w.campaign("submit", "approve", "pause")},
    "get_card report_card_lost revoke_card": lambda w: {"id": w.holder()["card"]},
    "create_import": readable_file,
    "get_import cancel_import commit_import get_import_errors list_import_kept_rows list_import_leavers": lambda w: {"id": w.upload(w.people())},
    "draw_import_reconciliation": lambda w: {"body": {"union_id": w.union, "kind": ...}},
    "get_import_reconciliation get_import_reconciliation_page sign_import_reconciliation withdraw_import_reconciliation": lambda w: {"id": w.reconciliation()},
    "revert_import": lambda w: {"id": w.upload(w.people(), "committed")},
    "create_invitation": lambda w: {"body": w.invitation()},
    "get_post revoke_post": granted_post,
    "get_join_application approve_join_application reject_join_application return_join_application": lambda w: {"id": w.application()[0]},
    "search_members": lambda w: {"body": {"mobile": w.on_roster()["mobile"]}},
    "get_member list_member_cards reveal_member end_member freeze_member retain_member": lambda w: {"id": w.member_id()},
    "unfreeze_member": frozen_member,
    "create_merchant": lambda w: {"body": {"name": ..., **w.merchant_terms()}},
    "change_merchant": lambda w: {"id": w.merchant(), "body": {"category": "餐饮"}},
    "get_merchant list_merchant_branches list_merchant_staff suspend_merchant": lambda w: {"id": w.merchant()},
    "resume_merchant get_merchant_suspension": suspended_merchant,
    "terminate_merchant": lambda w: {"id": appealed(w)["id"]},
    "appeal_against_suspension": lambda w: {"by": appealing(w)["by"]},
    "get_own_suspension": lambda w: {"by": appealed(w)["by"]},
    "create_merchant_branch": lambda w: {"id": w.merchant(), "body": {"name": ..., "address": "建设路1号", "division_code": COUNTY}},
    "create_merchant_staff": staff_to_be,
    "revoke_merchant_staff": lambda w: {"id": w.shop()["merchant_id"], "staff_id": w.invited()["id"]},
    "get_coupon_code": given_code,
    "get_file delete_file": own_file,
    "read_file": linked_file,
    "begin_merchant_application": first_application,
    "create_merchant_application": merchant_application_to_be,
    "get_own_merchant_application withdraw_merchant_application": own_merchant_application,
    "sign_merchant_contract": lambda w: own_merchant_application(w, verified=True),
    "get_merchant_application get_merchant_application_licence reject_merchant_application": lambda w: {"id": w.merchant_application()[0]},
    "verify_merchant_application": lambda w: {"id": w.merchant_application()[0], "body": w.contract_terms()},
    "begin_recruiter_application": first_recruiter_application,
    "create_recruiter_application": recruiter_application_to_be,
    "get_own_recruiter_application withdraw_recruiter_application": own_recruiter_application,
    "get_recruiter_application get_recruiter_application_papers verify_recruiter_application reject_recruiter_application":
        lambda w: {"id": w.recruiter_application()[0]},
    "get_resume": lambda w: {"by": w.seeker()},
    "put_resume": lambda w: {"by": w.holder()["session"], "body": w.resume()},
    "create_job_application": lambda w: {"by": w.seeker(), "body": {"posting_id": w.job()}},
    "list_my_job_applications": lambda w: {"by": w.seeker()},
    "get_my_job_application withdraw_job_application": own_job_application,
    "create_job_alert": lambda w: {"by": w.holder()["session"], "body": {"name": "车工", "q": "车床", "undisclosed": ...}},
    "delete_job_alert": own_job_alert,
    "accept_job_offer": lambda w: own_job_application(w, "invite", "offer"),
    "list_candidates": lambda w: own_posting(w, "submit", "approve"),
    "get_candidate view_candidate invite_candidate": candidate,
    "offer_candidate": lambda w: candidate(w, "invite"),
    "reject_candidate": lambda w: {**candidate(w), "body": {"reason_code": ...}},
    "get_own_posting submit_posting close_posting": own_posting,
    "create_posting": lambda w: {"by": w.keep("employer", w.recruiter), "body": {**w.posting_terms(), "employment_type": ..., "headcount": ...}},
    "change_posting": lambda w: {**own_posting(w), "body": {"valid_days": 60}},
    "extend_posting": lambda w: own_posting(w, "submit", "approve"),
    "fill_posting": lambda w: {**own_posting(w, "submit", "approve"), "body": {"filled": 1}},
    "get_job_posting list_job_posting_reports approve_job_posting": lambda w: {"id": w.posting("submit")},
    "return_job_posting": lambda w: {"id": w.posting("submit")},
    "restore_job_posting remove_job_posting": lambda w: {"id": w.hidden_posting()},
    "search_jobs": lambda w: {"query": {"q": "车床"}},
    "get_job": lambda w: {"id": w.job()},
    "create_job_report": lambda w: {"by": w.holder()["session"], "body": {"posting_id": w.job(), "kind": ..., "statement": "要求交押金"}},
    "get_recruiter suspend_recruiter": lambda w: {"id": w.known_recruiter()},
    "resume_recruiter ban_recruiter": lambda w: {"id": w.known_recruiter("suspend")},
    "put_merchant_licence": lambda w: {"by": w.officer, "id": w.merchant(), "body": {"file_id": w.file(w.officer, "merchant_licence")}},
    "get_merchant_licence": lambda w: {"id": w.licensed()},
    "get_branch_poster": lambda w: {"id": w.shop()["merchant_id"], "branch_id": w.shop()["branch_id"]},
    "accept_place leave_place": place_to_be,
    "set_pin": pin_to_be,
    "list_till_staff": shown_till_staff,
    "register_till": lambda w: {"body": {"branch_id": w.shop()["branch_id"], "name": ...}},
    "revoke_till": own_till,
    "take_over_till": shared_till,
    "add_campaign_codes": lambda w: {"id": w.pool()},
    "create_notice": lambda w: {"body": {**w.notice_terms(), "title": ..., "audience": ...}},
    "change_notice": lambda w: {"id": w.notice(), "body": {"title": "送清凉"}},
    "get_notice submit_notice": lambda w: {"id": w.notice()},
    "approve_notice return_notice": lambda w: {"id": w.notice("submit")},
    "withdraw_notice": lambda w: {"id": w.notice("submit", "approve")},
    "get_received_notice read_received_notice": lambda w: {"id": w.notice("submit", "approve", audience="cadres")},
    "get_my_notice read_my_notice get_public_notice": lambda w: {"id": w.notice("submit", "approve", audience="everyone")},
    "list_bound_devices invite_device": lambda w: {"by": w.chair_at_first[1]},
    "release_device": released_device,
    "recover_cadre": lambda w: {"by": w.leader, **granted_post(w), "body": {"lost": "login", "reason": "本人到场"}},
    "reinstate_member": retained_member,
    "unbind_member": bound_member,
    "reissue_card": revoked_card,
    "put_settings": lambda w: {"body": {"ui_mode": ...}},
    "create_delegate": delegate_to_be,
    "revoke_delegate": named_delegate,
    "accept_delegation decline_delegation": received_delegation,
    "open_delegated_session": lambda w: received_delegation(w, accepted=True),
    "open_assisted_session": lambda w: {"by": w.officer, "body": helped(w)},
    "get_assisted_session_form": lambda w: {"id": w.call("POST", "/v1/admin/assisted-sessions", helped(w), w.officer)["id"]},
    "create_export": lambda w: {"by": w.leader, "body": new_export(w)},
    "get_export get_export_file cancel_export": made_export,
    "approve_export reject_export": export_to_decide,
    "propose_leavers": lambda w: {"body": {"ids": [w.member_id()], "action": ..., "reason": "已核实"}},
    "get_leaver_proposal confirm_leaver_proposal reject_leaver_proposal": lambda w: {"by": w.leader, **leaver_proposal(w)},
    "withdraw_leaver_proposal": lambda w: {"by": w.officer, **leaver_proposal(w)},
    "decide_leaver_proposals": lambda w: {"body": {"ids": [leaver_proposal(w)["id"]], "action": ..., "reason": "已核实"}},
    "decide_join_applications": lambda w: {"body": {"ids": [w.application()[0]], "action": ..., "reason": "已核实"}},
    "get_union_modules": module_plan,
    "set_union_modules": lambda w: {**module_plan(w), "body": {"switches": [], "reason": "恢复默认"}},
    "get_inbox_message read_inbox_message": own_message,
    "put_message_preferences": lambda w: {"body": {"service": ..., "notices": ..., "benefits": {"inbox": True, "push": True}, "quiet_hours": None}},
    "register_push_device": device_to_be,
    "remove_push_device": registered_device,
    "add_push_subscription": lambda w: registered_device(w, "wechat", "wechat_subscribe"),
    "register_partner": lambda w: {"by": w.officer, "body": {"name": ..., **w.partner_terms(System(w).public())}},
    "get_partner suspend_partner close_partner": partner,
    "resume_partner": lambda w: partner(w, "suspend"),
    "approve_partner": waiting_partner,
    "add_partner_key": lambda w: {**partner(w), "body": {"public_key": System(w).public()}},
    "remove_partner_key": partner_key,
    "resolve_subject": known_subject,
    "create_sso_ticket": lambda w: {"by": w.customer()["session"], "body": {"partner_id": w.keep("system", w.system).id, "consent": True}},
    "withdraw_partner_consent": agreed_partner,
    "issue_partner_token": lambda w: {"body": w.main.request()},
    "exchange_sso_ticket": lambda w: {"body": {"ticket": w.ticket(w.main)}},
    "calculate_overtime": lambda w: {"body": {"monthly_wage_fen": 522000, "workday_hours": "10"}},
    "calculate_severance": lambda w: {"body": SEVERANCE},
    "calculate_no_contract": lambda w: {"body": {"hired_on": "2025-03-01", "monthly_wage_fen": 600000}},
    "calculate_annual_leave": lambda w: {"body": {"worked_years": 10}},
    "calculate_work_injury": lambda w: {"body": INJURY},
    "calculate_probation": lambda w: {"body": PROBATION},
    "calculate_retirement": lambda w: {"body": {"kind": ..., "born_in": "1970-01"}},
    "calculate_limitation": lambda w: {"body": {"event": ..., "on": "2026-03-02"}},
    "calculate_dues": lambda w: {"body": {"basic_wage_fen": 345678}},
    "enter_law_parameter": lambda w: {"by": w.lawyer(), "body": law_parameter()},
    "get_law_parameter reject_law_parameter": lambda w: {"by": w.lawyer(), **entered_parameter(w)},
    "approve_law_parameter": lambda w: {"by": w.province(), **entered_parameter(w)},
    "create_union": lambda w: {"body": {"name": ..., "parent_id": w.union, "org_type": "1"}},
    "get_union": lambda w: {"id": w.union},
}
SCENARIOS = {operation: scenario for operations, scenario in {**SCENARIOS, **counsel.SCENARIOS}.items() for operation in operations.split()}
