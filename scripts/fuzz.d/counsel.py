"""What operations of legal help need: firms, lawyers, shifts and questions, made through the public API alone."""

import datetime
import secrets

from world import COUNTY, PASSWORD, PASSWORD_LOGIN, Session, mobile, statement, uscc, username


def key():
    return secrets.token_hex(8)


def firm_terms():
    return {"name": "河南正义律师事务所", "licence_no": f"L{mobile()}", "licence_until": "2099-12-31"}


def firm(world):
    return world.keep("firm", lambda: world.call("POST", "/v1/admin/firms", firm_terms(), world.leader)["id"])


def engagement(world):
    body = {"kind": "person", "name": "钱大友", "role": "诉讼代理", "from_date": "2026-01-01"}
    return world.call("POST", f"/v1/admin/firms/{firm(world)}/engagements", body, world.leader)["id"]


def lawyer_terms(world):
    terms = {"firm_id": firm(world), "practice_no": f"P{mobile()}", "licence_until": "2099-12-31", "fields": ["wages"], "division": COUNTY}
    # Not the members' name: a lawyer of a party's name stands behind the wall.
    return {**statement(), "name": "周正义", "mobile": mobile(), "username": username(), "terms": terms}


def invited(world):
    return world.call("POST", "/v1/admin/lawyers", lawyer_terms(world), world.leader)["id"]


def lawyer(world):
    """A lawyer who is logged in."""
    who = lawyer_terms(world)
    made = world.call("POST", "/v1/admin/lawyers", who, world.leader)["id"]
    code = world.code(who["mobile"], "confirm", "lawyer")
    world.call("POST", "/v1/auth/activate", {"realm": "lawyer", "mobile": who["mobile"], "code": code, "password": PASSWORD})
    return {"id": made, "session": Session(world, PASSWORD_LOGIN, realm="lawyer", username=who["username"], password=PASSWORD)}


def advocate(world):
    return world.keep("advocate", lambda: lawyer(world))


def shift_terms(world):
    # Each of another lawyer, so that none overlaps.
    begins = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)
    return {"lawyer_id": invited(world), "starts_at": begins.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "ends_at": (begins + datetime.timedelta(hours=8)).isoformat(timespec="milliseconds").replace("+00:00", "Z")}


def shift(world):
    return world.call("POST", "/v1/admin/shifts", shift_terms(world), world.leader)["id"]


def later(days):
    return str(world_day(days))


def world_day(days):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).date()


def rotation_terms(world):
    # Each of a lawyer of its own, so that none is busy.
    return {"name": "周末值班", "lawyer_ids": [invited(world)], "slots": [{"starts": "22:00", "hours": 10}], "first_day": later(10)}


def rotation(world):
    return world.call("POST", "/v1/admin/rotations", rotation_terms(world), world.leader)["id"]


def planned_days(world):
    shift(world)
    return {"from_date": later(1), "to_date": later(4), "reason": "临时排班"}


def own_shift(world, *, offered=False):
    """A published shift of a lawyer who is logged in, offered or not."""
    who = lawyer(world)
    made = world.call("POST", "/v1/admin/shifts", {**shift_terms(world), "lawyer_id": who["id"]}, world.leader)["id"]
    world.step(f"/v1/admin/shifts/{made}/publish", world.leader)
    offer = world.call("POST", f"/v1/lawyer/shifts/{made}/offer", {}, who["session"])["id"] if offered else None
    return {"by": who["session"], "id": made, "offer": offer}


def leave(world):
    who = lawyer(world)
    days = {"from_date": later(30), "to_date": later(31)}
    return {"by": who["session"], "id": world.call("POST", "/v1/lawyer/leaves", days, who["session"])["id"]}


def without_offer(made):
    return {name: made[name] for name in ("by", "id")}


def words():
    return {"category": "wages", "title": "公司拖欠工资", "question": "公司已三个月没有发工资，该怎么办？"}


def asker(world, kind, most):
    """A member who has room for one more: so many may be open at a time."""
    world.asked = getattr(world, "asked", {})
    world.asked[kind] = world.asked.get(kind, -1) + 1
    return world.keep(f"{kind}{world.asked[kind] // most}", world.holder)["session"]


def question(world, *steps, given=True, by=None):
    """A question, given to the lawyer or not, and taken further."""
    asker = by or questioner(world)
    body = {**words(), **({"lawyer_id": advocate(world)["id"]} if given else {})}
    made = world.call("POST", "/v1/me/consultations", body, asker, idempotency_key=key())["id"]
    mine = f"/v1/me/consultations/{made}"
    for step in steps:
        if step == "answer":
            path = f"/v1/lawyer/consultations/{made}/messages"
            world.call("POST", path, {"text": "请保留工资条。"}, advocate(world)["session"], idempotency_key=key())
        elif step == "rate":
            world.call("POST", f"{mine}/rating", {"stars": 1}, asker)
        else:
            world.call("POST", f"{mine}/{step}", {}, asker)
    return made


def questioner(world):
    return asker(world, "questioner", 15)


def own(world, *steps, **more):
    by = questioner(world)
    return {"by": by, "id": question(world, *steps, by=by), **more}


def claim(**more):
    return {"category": "wages", "form": "arbitration", "title": "追索工资", "claim": "请求公司支付拖欠的工资。", "known_on": "2026-01-05", **more}


def decision(granted=True):
    return {"granted": granted, "reason": "已审查"}


def county(world):
    """Another county, which cases are entrusted to, and its leader."""
    names = [who["username"] for who in world.demo["cadres"]]
    name = next(name for name in names if name.endswith(".leader") and name[:6].isdigit() and name != f"{COUNTY}.leader")
    session = world.keep("elsewhere", lambda: world.cadre(name))
    union = world.keep("elsewhere_union", lambda: world.call("GET", "/v1/admin/unions?limit=1", by=session)["items"][0]["id"])
    return session, {"org_id": union, "reason": "用人单位在贵地"}


REASON = {"reason": "按规定办理"}
AID = {
    "complete": lambda w: (w.lawyer(), {}),
    "ask-papers": lambda w: (w.lawyer(), REASON),
    "provide": lambda w: (w.lawyer(), REASON),
    "decide": lambda w: (w.leader, decision()),
    "refuse": lambda w: (w.leader, decision(granted=False)),
    "appoint": lambda w: (w.leader, {"lawyer_id": advocate(w)["id"]}),
    "archive": lambda w: (w.leader, {}),
    "entrust": lambda w: (w.leader, county(w)[1]),
}


def aid(world, *steps, by=None, **more):
    """A case of legal aid, taken further."""
    by = by or asker(world, "aided", 4)
    made = world.call("POST", "/v1/me/legal-aid", claim(**more), by, idempotency_key=key())["id"]
    for step in steps:
        if step in AID:
            who, body = AID[step](world)
            world.step(f"/v1/admin/legal-aid/{made}/{'decide' if step == 'refuse' else step}", who, **body)
        elif step == "appeal":
            world.call("POST", f"/v1/me/legal-aid/{made}/appeal", REASON, by)
        else:
            body = {"outcome": "won", "recovered_fen": 100, "text": "裁决支付工资。"} if step == "outcome" else {}
            world.call("POST", f"/v1/lawyer/legal-aid/{made}/{step}", body, advocate(world)["session"], idempotency_key=key())
    return made


def aided(world, *steps, **more):
    by = asker(world, "aided", 4)
    return {"by": by, "id": aid(world, *steps, by=by), **more}


GRANTED = ("complete", "decide")
TAKEN = (*GRANTED, "appoint", "accept")


def given(world, **more):
    return {"by": advocate(world)["session"], "id": question(world), **more}


def suspended(world):
    target = invited(world)
    world.step(f"/v1/admin/lawyers/{target}/suspend", world.leader, reason="年度考核")
    return {"id": target}


def calendar(world):
    days = ["01-01", "01-25", "01-26", "01-27", "01-28", "04-04", "05-01", "05-02", "05-28", "10-01", "10-02", "10-03", "10-04"]
    days = [{"date": f"2028-{day}", "kind": "statutory"} for day in days]
    return {"by": world.keep("province", lambda: world.cadre("henan.leader")), "body": {"year": 2028, "source": "国务院办公厅通知", "days": days}}


# Nobody waits for news that cannot come.
NOW = {"since": 0}

SCENARIOS = {
    "get_work_calendar": lambda w: {"year": 2026},
    "enter_work_calendar": calendar,
    "create_firm": lambda w: {"body": firm_terms()},
    "get_firm list_engagements": lambda w: {"id": firm(w)},
    "change_firm": lambda w: {"id": firm(w), "body": {"name": "河南公正律师事务所"}},
    "create_engagement": lambda w: {"id": firm(w), "body": {"kind": "person", "name": "钱大友", "role": "诉讼代理", "from_date": "2026-01-01"}},
    "get_engagement": lambda w: {"id": engagement(w)},
    "end_engagement": lambda w: {"id": engagement(w), "body": {"to_date": str(w.today())}},
    "set_company_group": lambda w: {"by": w.keep("province", lambda: w.cadre("henan.leader")), "body": {"uscc": uscc(), "group_uscc": uscc()}},
    "create_lawyer": lambda w: {"body": lawyer_terms(w)},
    "get_lawyer suspend_lawyer": lambda w: {"id": invited(w)},
    "change_lawyer": lambda w: {"id": invited(w), "body": {"intro": "擅长工伤案件"}},
    "resume_lawyer": suspended,
    "plan_shift": lambda w: {"body": shift_terms(w)},
    "get_shift cancel_shift": lambda w: {"id": shift(w)},
    "publish_shift": lambda w: {"id": shift(w), "body": {}},
    "create_rotation": lambda w: {"body": rotation_terms(w)},
    "get_rotation": lambda w: {"id": rotation(w)},
    "change_rotation": lambda w: {"id": rotation(w), "body": {"name": "夜间值班"}},
    "generate_shifts": lambda w: {"id": rotation(w), "body": {"from_date": later(10), "to_date": later(12)}},
    "publish_roster": lambda w: {"body": planned_days(w)},
    "offer_shift": lambda w: {**without_offer(own_shift(w)), "body": {}},
    "withdraw_shift_offer": lambda w: without_offer(own_shift(w, offered=True)),
    "take_offered_shift": lambda w: {"by": lawyer(w)["session"], "id": own_shift(w, offered=True)["offer"]},
    "enter_leave": lambda w: {"by": lawyer(w)["session"], "body": {"from_date": later(30), "to_date": later(31)}},
    "withdraw_leave": leave,
    "read_lawyer_notices list_lawyer_notices list_own_leaves list_shift_offers": lambda w: {"by": advocate(w)["session"]},
    "reassign_shift": lambda w: {"id": shift(w), "body": {"lawyer_id": invited(w), "reason": "原值班律师出庭"}},
    "get_consultation": lambda w: {"id": question(w)},
    "list_consultation_entries": lambda w: {"id": question(w), "query": NOW},
    "assign_consultation": lambda w: {"id": question(w, given=False), "body": {"lawyer_id": advocate(w)["id"]}},
    "record_callback": lambda w: {"id": question(w, "answer", "accept", "rate")},
    "ask_lawyer": lambda w: {"by": questioner(w), "body": words()},
    "get_own_consultation withdraw_consultation": own,
    "list_own_consultation_entries": lambda w: own(w, query=NOW),
    "write_to_lawyer": lambda w: own(w, body={"text": "没有签合同怎么办？"}),
    "accept_answer": lambda w: own(w, "answer"),
    "reopen_consultation": lambda w: own(w, "answer", "accept"),
    "rate_consultation": lambda w: own(w, "answer", "accept", body={"stars": 5}),
    "get_given_consultation recuse_from_consultation": given,
    "list_given_entries": lambda w: given(w, query=NOW),
    "recommend_legal_aid": lambda w: given(w, body=REASON),
    "apply_for_legal_aid": lambda w: {"by": asker(w, "aided", 4), "body": claim()},
    "get_own_legal_aid withdraw_legal_aid": aided,
    "list_own_legal_aid_entries": lambda w: aided(w, query=NOW),
    "supply_legal_aid_papers": lambda w: aided(w, "ask-papers", body={"text": "见附件"}),
    "write_to_aid_lawyer": lambda w: aided(w, *TAKEN, body={"text": "请问进展如何？"}),
    "appeal_legal_aid": lambda w: aided(w, "complete", "refuse", body=REASON),
    "rate_legal_aid": lambda w: aided(w, *TAKEN, "outcome", "archive", body={"stars": 5}),
    "get_given_legal_aid accept_legal_aid": lambda w: {"by": advocate(w)["session"], "id": aid(w, *GRANTED, "appoint")},
    "recuse_from_legal_aid": lambda w: {"by": advocate(w)["session"], "id": aid(w, *GRANTED, "appoint"), "body": REASON},
    "list_given_legal_aid_entries": lambda w: {"by": advocate(w)["session"], "id": aid(w, *TAKEN), "query": NOW},
    "write_to_aided_member": lambda w: {"by": advocate(w)["session"], "id": aid(w, *TAKEN), "body": {"text": "请核对申请书。"}},
    "report_legal_aid": lambda w: {"by": advocate(w)["session"], "id": aid(w, *TAKEN), "body": {"outcome": "won", "recovered_fen": 0, "text": "裁决支付工资。"}},
    "get_legal_aid complete_legal_aid_papers list_free_lawyers": lambda w: {"id": aid(w)},
    "list_legal_aid_entries": lambda w: {"id": aid(w), "query": NOW},
    "ask_for_legal_aid_papers": lambda w: {"id": aid(w), "body": REASON},
    "provide_legal_aid_first": lambda w: {"id": aid(w, hearing_on=str(w.today())), "body": REASON},
    "decide_legal_aid": lambda w: {"id": aid(w, "complete"), "body": decision()},
    "decide_legal_aid_appeal": lambda w: {"by": w.province(), "id": aid(w, "complete", "refuse", "appeal"), "body": decision()},
    "appoint_aid_lawyer": lambda w: {"id": aid(w, *GRANTED), "body": {"lawyer_id": advocate(w)["id"]}},
    "archive_legal_aid": lambda w: {"id": aid(w, *TAKEN, "outcome")},
    "send_back_legal_aid": lambda w: {"id": aid(w, *TAKEN, "outcome"), "body": REASON},
    "terminate_legal_aid": lambda w: {"id": aid(w, *GRANTED), "body": REASON},
    "entrust_legal_aid": lambda w: {"id": aid(w, *GRANTED), "body": county(w)[1]},
    "take_over_legal_aid": lambda w: {"by": county(w)[0], "id": aid(w, *GRANTED, "entrust")},
    "decline_legal_aid": lambda w: {"by": county(w)[0], "id": aid(w, *GRANTED, "entrust"), "body": REASON},
    "answer_member": lambda w: given(w, body={"text": "请保留工资条。"}),
}
